import assert from "node:assert/strict";
import { test } from "node:test";
import { type Entry, parseClaim, parseEntries } from "../../../provider/host/journal";
import { undoPlan } from "../../../provider/host/undo/plan";

test("the last change is undone first, and of several the oldest tells what was there", () => {
  const entries: Entry[] = [
    { kind: "directory", path: "/opt/cni" },
    { kind: "directory", path: "/opt/cni/bin" },
    { kind: "file", path: "/opt/cni/bin/bridge" },
    { kind: "file", path: "/etc/x.conf", backup: "1" },
    { kind: "file", path: "/etc/x.conf", backup: "2" },
    { kind: "sysctl", path: "/proc/sys/net/ipv4/ip_forward", value: "0" },
    { kind: "sysctl", path: "/proc/sys/net/ipv4/ip_forward", value: "1" },
    { kind: "unit", unit: "containerd.service", enabled: false, active: false },
    { kind: "unit", unit: "kubelet.service", enabled: true, active: false },
  ];
  const plan = undoPlan(entries);
  assert.deepEqual(plan.files, [
    "file /etc/x.conf 1",
    "file /opt/cni/bin/bridge -",
    "directory /opt/cni/bin",
    "directory /opt/cni",
  ]);
  assert.deepEqual(plan.sysctls, ["/proc/sys/net/ipv4/ip_forward\t0"]);
  assert.deepEqual(
    plan.units.map(({ unit }) => unit),
    ["kubelet.service", "containerd.service"],
  );
  assert.equal(plan.runtime, false);
});

test("an installation that was cut is told by the packages from before it, one that came to its end by its result", () => {
  const cut: Entry[] = [
    { kind: "packages", before: "dpkg tar" },
    { kind: "file", path: "/etc/x.conf" },
    { kind: "packages", before: "dpkg tar socat" },
  ];
  assert.deepEqual(undoPlan(cut).packages, { names: [], before: ["dpkg", "tar"] });
  const done: Entry[] = [
    ...cut,
    { kind: "directory", path: "/opt/cni" },
    { kind: "installed", names: ["socat", "conntrack"] },
  ];
  assert.deepEqual(undoPlan(done).packages, { names: ["socat", "conntrack"], before: undefined });
});

test("a line cut short by a crash is no change", () => {
  const line = JSON.stringify({ kind: "module", name: "overlay" });
  assert.deepEqual(parseEntries(`${line}\n{"kind":"fi`), [{ kind: "module", name: "overlay" }]);
  assert.deepEqual(parseEntries(`${line}\n`), [{ kind: "module", name: "overlay" }]);
  assert.deepEqual(parseEntries(""), []);
});

test("a claim that is none is an error, a missing one is not", () => {
  assert.equal(parseClaim(""), undefined);
  assert.throws(() => parseClaim('{"format":2}'));
  assert.throws(() => parseClaim("not json"));
});
