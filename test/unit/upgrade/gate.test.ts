import assert from "node:assert/strict";
import { test } from "node:test";
import type { LookedAt } from "../../../provider/host/lookAll";
import { RefusedError, UnreachableError, UserError } from "../../../provider/lib/errors";
import type { PreflightInputs } from "../../../provider/preflight/inputs";
import { judge } from "../../../provider/preflight/judge";
import { preflightError } from "../../../provider/preflight/preflight";
import { type GateResult, withGate } from "../../../provider/recipes/upgradeGate";
import { fakeFacts } from "../host/fakeFacts";

const machine = (number: number): string => String(number).repeat(32);
const host = (number: number, ignore: string[] = []) => ({
  target: {
    connection: { host: `10.0.0.${number}` },
    hostKeys: {},
    machineId: machine(number),
    address: `10.0.0.${number}`,
  },
  controlPlane: number === 1,
  ignore,
});
const inputsOf = (ignore: string[] = []): PreflightInputs => ({
  clusterId: "c-1",
  kubernetesVersion: "1.35.4",
  hosts: { c1: host(1, ignore), w2: host(2, ignore) },
  reach: {},
});
const good = (number: number, more = {}) =>
  fakeFacts({
    machineId: machine(number),
    hostname: `m${number}`,
    addresses: [{ link: "eth0", address: `10.0.0.${number}`, prefix: 24, family: 4, scope: "global" }],
    kubernetes: {
      found: ["/etc/kubernetes/kubelet.conf"],
      server: "",
      claim: { clusterId: "c-1", node: `m${number}` },
    },
    ...more,
  });
const look = (inputs: PreflightInputs, name: string, seen: LookedAt["seen"]): LookedAt => {
  const target = inputs.hosts[name]?.target;
  if (!target) throw new RangeError(name);
  return { name, target, seen };
};

interface Case {
  ignore?: string[];
  c1?: LookedAt["seen"];
  w2?: LookedAt["seen"];
  first?: boolean;
  established?: boolean;
}

function gated(result: GateResult, { ignore, c1 = good(1), w2 = good(2), first = true, established }: Case = {}) {
  const inputs = inputsOf(ignore);
  const looks = [look(inputs, "c1", c1), look(inputs, "w2", w2)];
  const verdict = judge(inputs, looks, { newNames: new Set(), upgrade: true });
  const all = withGate({ result, first }, { inputs, verdict, looks, established });
  return {
    ...all,
    told: all.failures.flatMap(({ name, problems }) => problems.map(({ check }) => `${name} ${check}`.trim())),
  };
}

const fine: GateResult = { findings: [], notReady: new Set() };
const away: GateResult = {
  findings: [{ check: "UpgradeWorkers", node: "w2", text: "is not Ready", remedy: "bring it back" }],
  notReady: new Set(["w2"]),
};
const nobody: GateResult = { nobody: new UnreachableError("no control plane answers", "bring one back") };
const unreachable = new UnreachableError("w2 (10.0.0.2): cannot be reached");

test("a good cluster on good hosts passes, and is there", () => {
  assert.deepEqual(gated(fine).failures, []);
  assert.equal(gated(fine).there, true);
});

test("members are looked at for what comes with the version alone", () => {
  const tired = good(2, { cpus: 0, swap: [{ device: "/dev/sda2", sizeMiB: 1 }], routes: [] });
  assert.deepEqual(gated(fine, { w2: tired }).told, []);
  const old = good(2, { cgroup: { version: 1, controllers: ["cpu", "cpuset", "memory"] } });
  assert.deepEqual(gated(fine, { w2: old }).told, ["w2 CgroupVersion"]);
  assert.deepEqual(gated(fine, { w2: old, ignore: ["SystemVerification"] }).told, ["w2 CgroupVersion"]);
  const full = good(2, { disk: { "/var/lib/containerd": { freeMiB: 100, mount: "/var" } } });
  assert.deepEqual(gated(fine, { w2: full }).told, ["w2 Disk"]);
  assert.deepEqual(gated(fine, { w2: good(7) }).told, ["w2 SameMachine"]);
});

test("a host that SSH does not reach is told once: by its Node where that is not Ready", () => {
  assert.deepEqual(gated(fine, { w2: unreachable }).told, ["w2 Unreachable"]);
  assert.deepEqual(gated(away, { w2: unreachable }).told, ["w2 UpgradeWorkers"]);
  assert.deepEqual(gated(away, { w2: new UserError("sudo wants a password") }).told, ["w2 Facts", "w2 UpgradeWorkers"]);
});

test("what is only told is a warning with its host", () => {
  const [finding] = "findings" in away ? away.findings : [];
  assert.ok(finding);
  const { told, warnings } = gated(
    { ...fine, findings: [{ ...finding, warning: true }], notReady: new Set(["w2"]) },
    { w2: unreachable },
  );
  assert.deepEqual(told, []);
  assert.deepEqual(warnings, ["w2 (10.0.0.2) is not Ready (UpgradeWorkers): bring it back"]);
});

test("findings about the cluster are waived by everybody's list, and some never are", () => {
  const finding = (check: string) => ({ check, text: "x", remedy: "y" });
  const result = { ...fine, findings: ["UpgradeBudgets", "UpgradeDeprecatedAPIs", "UpgradeEtcd"].map(finding) };
  assert.deepEqual(gated(result).told, ["UpgradeBudgets", "UpgradeDeprecatedAPIs", "UpgradeEtcd"]);
  assert.deepEqual(gated(result, { ignore: ["upgradebudgets"] }).told, ["UpgradeDeprecatedAPIs", "UpgradeEtcd"]);
  assert.deepEqual(gated(result, { ignore: ["all"] }).told, ["UpgradeEtcd"]);
});

test("who asks later in the same run is only told that it is refused", () => {
  const { failures } = gated(away, { first: false });
  assert.match(failures[0]?.problems[0]?.text ?? "", /1 reason, told once at another preflight/);
  assert.deepEqual(gated(fine, { first: false }).failures, []);
});

test("a cluster that was never made has nothing to be asked, one that does not answer is refused", () => {
  const bare = { kubernetes: { found: [], server: "", claim: undefined } };
  const never = gated(nobody, { c1: good(1, bare), w2: good(2, bare) });
  assert.deepEqual(never.told, []);
  assert.equal(never.there, false);
  assert.deepEqual(gated(nobody).told, ["UpgradeControlPlanes"]);
  assert.deepEqual(gated(nobody, { c1: good(1, bare), w2: good(2, bare), established: true }).told, [
    "UpgradeControlPlanes",
  ]);
});

test("the refusal names the upgrade, each host and the cluster, and what is never waived", () => {
  const { failures } = gated({
    ...away,
    findings: [
      ...("findings" in away ? away.findings : []),
      { check: "UpgradeBudgets", text: "has a budget", remedy: "let it" },
    ],
  });
  const error = preflightError(failures, 2, { from: "1.34.4", to: "1.35.4" });
  assert.ok(error instanceof RefusedError);
  assert.equal(
    error.message,
    [
      "the upgrade from 1.34.4 to 1.35.4 is refused; nothing has been changed",
      "  w2 (10.0.0.2):",
      "    UpgradeWorkers: is not Ready",
      "      -> bring it back",
      "  the cluster:",
      "    UpgradeBudgets: has a budget",
      "      -> let it",
      "  What to do: correct what is listed and run again; a check is waived by its name in `preflight.ignore`, except UpgradeWorkers",
    ].join("\n"),
  );
});
