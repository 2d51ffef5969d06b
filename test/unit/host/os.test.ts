import assert from "node:assert/strict";
import { test } from "node:test";
import { debian } from "../../../provider/host/os/debian";
import { operatingSystem, packageTree } from "../../../provider/host/os/os";
import { atLeast, parseOsRelease } from "../../../provider/host/os/release";
import { rhel } from "../../../provider/host/os/rhel";

const release = (id: string, version: string, like: string[] = []) => ({ id, version, like, codename: "", pretty: id });

test("families are told by ID and by ID_LIKE", () => {
  assert.equal(operatingSystem(release("ubuntu", "24.04", ["debian"])), debian);
  assert.equal(operatingSystem(release("raspbian", "12", ["debian"])), debian);
  assert.equal(operatingSystem(release("fedora", "41")), rhel);
  assert.equal(operatingSystem(release("almalinux", "9.4", ["rhel", "centos", "fedora"])), rhel);
  assert.equal(operatingSystem(release("alpine", "3.20")), undefined);
});

test("releases that are too old are told apart", () => {
  const cases: [typeof debian, string, string, boolean][] = [
    [debian, "debian", "12", true],
    [debian, "debian", "10", false],
    [debian, "ubuntu", "22.04", true],
    [debian, "ubuntu", "20.04", false],
    [rhel, "rocky", "9.4", true],
    [rhel, "rhel", "8.10", false],
    [rhel, "fedora", "41", true],
    [rhel, "fedora", "9", false],
    [rhel, "amzn", "2", false],
    [rhel, "amzn", "2023", true],
  ];
  for (const [os, id, version, expected] of cases)
    assert.equal(os.supports(release(id, version)), expected, `${id} ${version}`);
});

test("versions are compared as numbers", () => {
  assert.equal(atLeast("24.10", "24.9"), true);
  assert.equal(atLeast("9", "9.0"), true);
  assert.equal(atLeast("5.4.0", "5.14"), false);
  assert.equal(atLeast("trixie", "12"), false);
});

test("os-release is read with and without quotes", () => {
  const parsed = parseOsRelease(`ID='arch'\nPRETTY_NAME="Arch Linux"\n# comment\nID_LIKE=\nBROKEN`);
  assert.deepEqual(parsed, { id: "arch", version: "", like: [], codename: "", pretty: "Arch Linux" });
});

test("a bundle's tree is per version, RHEL's minor releases share one", () => {
  assert.equal(packageTree(release("ubuntu", "24.04", ["debian"]), "arm64"), "ubuntu/24.04/arm64");
  assert.equal(packageTree(release("rocky", "9.4", ["rhel"]), "amd64"), "rocky/9/amd64");
});

test("a package's name is in the name of its file", () => {
  assert.equal(debian.packageOfFile("libnetfilter-conntrack3_1.0.9-3_amd64.deb"), "libnetfilter-conntrack3");
  assert.equal(rhel.packageOfFile("conntrack-tools-1.4.7-2.el9.x86_64.rpm"), "conntrack-tools");
});

test("package managers ask nothing, wait for their lock and are never ended half-way", () => {
  assert.deepEqual(debian.install(["socat"], 120), {
    argv: [
      ...["apt-get", "--yes", "-qq", "-o", "DPkg::Lock::Timeout=120"],
      ...["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"],
      ...["-o", "APT::Get::AutomaticRemove=false", "-o", "Acquire::Retries=3"],
      ...["install", "--no-install-recommends", "--no-upgrade", "socat"],
    ],
    env: { DEBIAN_FRONTEND: "noninteractive", NEEDRESTART_SUSPEND: "1", LC_ALL: "C.UTF-8" },
    mustFinish: true,
  });
  assert.deepEqual(rhel.install(["socat"], 120), {
    argv: [
      ...["dnf", "--assumeyes", "--quiet", "--setopt=exit_on_lock=False", "--setopt=install_weak_deps=False"],
      ...["--setopt=clean_requirements_on_remove=False", "install", "socat"],
    ],
    env: { LC_ALL: "C.UTF-8" },
    mustFinish: true,
  });
});

test("an offline installation knows no repository", () => {
  const apt = debian.installLocal(["/tmp/a.deb"], 1).argv;
  assert.ok(apt.includes("Dir::Etc::SourceList=/dev/null") && apt.includes("Dir::Etc::SourceParts=/dev/null"));
  assert.ok(rhel.installLocal(["/tmp/a.rpm"], 1).argv.includes("--disablerepo=*"));
});

test("installed packages are read from what each family prints", () => {
  const dpkg = debian.parseInstalled("ii \tsocat\t1.7\nrc \texim4\t4.9\niU \thalf\t1\nun \tnone\t\n");
  assert.deepEqual([...dpkg], [["socat", "1.7"]]);
  assert.deepEqual(
    [...rhel.parseInstalled("socat\t1.7-1.el9\npackage x is not installed\n")],
    [["socat", "1.7-1.el9"]],
  );
});
