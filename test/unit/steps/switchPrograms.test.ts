// Programs that take their places, run for real below a directory of the test's own, and cut at one command after the other.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, it } from "node:test";
import type { Host } from "../../../provider/host/host";
import { CommandError } from "../../../provider/lib/errors";
import { besideOf, kubernetesArtifacts, programDirectory } from "../../../provider/source/artifacts";
import { findPrograms, stagedPrograms, switchPrograms } from "../../../provider/steps/upgrade/switchPrograms";

const [before, wanted] = ["1.33.13", "1.34.4"];
const root = mkdtempSync(join(tmpdir(), "kubeadm-switch-"));
/** The script's own paths, below the test's directory. */
const here = (text: string) =>
  text.replaceAll("/var/lib/", `${root}/var/lib/`).replaceAll("/usr/local/", `${root}/usr/local/`);
const state = join(root, "var/lib/pulumi-kubeadm");

/** A host that ends, as by SIGKILL, before the command of that number. */
function hostCutAt(cut = Number.POSITIVE_INFINITY): Host {
  const trap = `number=0; set -T; trap 'number=$((number + 1)); [ $number -lt ${cut} ] || kill -KILL $$' DEBUG\n`;
  const sh: Host["sh"] = async (script, args = [], { ok = [0] } = {}) => {
    const text = here(`set -eu\n${Number.isFinite(cut) ? trap : ""}${script}`);
    const { status, stdout, stderr } = spawnSync("bash", ["-c", text, "sh", ...args.map(here)], { encoding: "utf8" });
    const code = status ?? 137;
    if (!ok.includes(code)) throw new CommandError("w1", "script", { code }, stderr);
    return { code, stdout, stderr };
  };
  return { label: "w1", sh } as Host;
}

function place(version: string, directory: string): string {
  return kubernetesArtifacts(version, "amd64", directory)
    .map(({ target, path }) => {
      const file = here(target);
      mkdirSync(here(directory), { recursive: true });
      writeFileSync(file, `${version} ${path}`, { mode: 0o755 });
      const { size, mtimeMs } = statSync(file);
      return `${file}\t${path}\t${version}\t${size}\t${Math.floor(mtimeMs / 1000)}\n`;
    })
    .join("");
}

/** What lies where, and what the host remembers of it. */
function look(): string[] {
  const files = readdirSync(join(root, "usr"), { recursive: true, encoding: "utf8" }).sort();
  const programs = files.filter((file) => statSync(join(root, "usr", file)).isFile());
  const contents = programs.map((file) => `${file}: ${readFileSync(join(root, "usr", file), "utf8")}`);
  return [...contents, ...readFileSync(join(state, "placed"), "utf8").split("\n").sort()];
}

describe("programs that take their places", () => {
  beforeEach(() => {
    rmSync(root, { recursive: true, force: true });
    mkdirSync(join(state, "backup"), { recursive: true });
    const journal = kubernetesArtifacts(before, "amd64").map(
      ({ target }) => `{"kind":"file","path":"${here(target)}"}\n`,
    );
    writeFileSync(join(state, "journal.jsonl"), journal.join(""));
    writeFileSync(join(state, "placed"), place(before, programDirectory) + place(wanted, besideOf(wanted)));
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  it("are found where they wait, and then where they run", async () => {
    assert.deepEqual(await findPrograms(hostCutAt(), wanted), mapped(stagedPrograms(wanted)));
    await switchPrograms(hostCutAt(), wanted);
    const { kubelet } = await findPrograms(hostCutAt(), wanted);
    assert.equal(kubelet, here("/usr/local/bin/kubelet"));
    assert.match(readFileSync(kubelet, "utf8"), /^1\.34\.4 /);
    const done = look();
    await switchPrograms(hostCutAt(), wanted);
    assert.deepEqual(look(), done);
  });

  it("are refused where they are missing or somebody changed them", async () => {
    await assert.rejects(switchPrograms(hostCutAt(), "1.35.4"), /w1 does not hold the programs of Kubernetes 1\.35\.4/);
    await assert.rejects(findPrograms(hostCutAt(), "1.35.4"), /w1 does not hold the programs of Kubernetes 1\.35\.4/);
    writeFileSync(here(stagedPrograms(wanted).kubelet), "something else");
    await assert.rejects(switchPrograms(hostCutAt(), wanted), /were changed by somebody/);
    assert.match(readFileSync(here("/usr/local/bin/kubelet"), "utf8"), /^1\.33\.13 /);
  });

  for (let cut = 3; cut < 120; cut += 8)
    it(`end the same after a cut before command ${cut}`, async () => {
      const whole = hostCutAt();
      await switchPrograms(hostCutAt(cut), wanted).catch((error: unknown) => assert.ok(error instanceof CommandError));
      const { kubeadm } = await findPrograms(whole, wanted);
      assert.match(readFileSync(kubeadm, "utf8"), /^1\.34\.4 /);
      await switchPrograms(whole, wanted);
      const now = look();
      assert.deepEqual(
        now.filter((line) => line.startsWith("local/")),
        kubernetesArtifacts(wanted, "amd64")
          .map(({ target, path }) => `${target.slice("/usr/".length)}: ${wanted} ${path}`)
          .sort(),
      );
      assert.ok(now.every((line) => !line.includes(before) && !line.includes("lib/pulumi-kubeadm/1.")));
    });
});

function mapped(programs: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(programs).map(([name, path]) => [name, here(path)]));
}
