import assert from "node:assert/strict";
import { test } from "node:test";
import type { PreflightInputs } from "../../../provider/preflight/inputs";
import { replacedAlone } from "../../../provider/preflight/replaced";

const target = (machineId: string) => ({
  connection: { host: `host-of-${machineId}` },
  hostKeys: {},
  machineId,
  address: "10.0.0.1",
});

/** Control planes cp*, workers w*, each with its machine. */
function fleet(machines: Record<string, string>): PreflightInputs {
  const all = Object.entries(machines).map(([name, machine]) => [name, target(machine)] as const);
  const hosts = all.map(([name, to]) => [name, { target: to, controlPlane: name.startsWith("cp") }] as const);
  const reach = Object.fromEntries(all.filter(([name]) => name.startsWith("cp")));
  return { clusterId: "c1", kubernetesVersion: "1.34.4", hosts: Object.fromEntries(hosts), reach };
}

const refused = (before: Record<string, string>, after: Record<string, string>) =>
  replacedAlone(fleet(after), fleet(before)).length > 0;

test("the only control plane is not replaced by another machine", () => {
  assert.match(
    replacedAlone(fleet({ cp1: "b" }), fleet({ cp1: "a" }))[0] ?? "",
    /cp1 is the only control plane.*host-of-b/,
  );
  assert.ok(refused({ cp1: "a", cp2: "b" }, { cp1: "x", cp2: "y" }));
  assert.ok(refused({ cp1: "a" }, { cp1: "x", cp2: "new" }));
});

test("with another one beside it that stays, and for workers, it is", () => {
  assert.ok(!refused({ cp1: "a", cp2: "b" }, { cp1: "x", cp2: "b" }));
  assert.ok(!refused({ cp1: "a", w1: "b" }, { cp1: "a", w1: "x" }));
});

test("a control plane under a new name joins before the old one leaves", () => {
  assert.ok(!refused({ cp1: "a" }, { cp2: "b" }));
});

test("nothing is said before the first run, or about what is not known yet", () => {
  assert.deepEqual(replacedAlone(fleet({ cp1: "a" }), undefined), []);
  assert.deepEqual(replacedAlone({ clusterId: "c1" }, fleet({ cp1: "a" })), []);
});

test("it is when the cluster is about to be recovered onto it", () => {
  const prepare = { KUBEADM_RECOVER: "prepare" };
  assert.deepEqual(replacedAlone(fleet({ cp1: "b" }), fleet({ cp1: "a" }), prepare), []);
});
