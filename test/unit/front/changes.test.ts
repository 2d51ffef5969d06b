import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import type { FrontPlan } from "../../../provider/kubeadm/front";
import { haproxyFiles, haproxyUnitName } from "../../../provider/kubeadm/haproxy";
import { keepalivedFiles, keepalivedUnitName } from "../../../provider/kubeadm/keepalived";
import type { Front } from "../../../provider/kubeadm/spec";
import { isDue, keepalivedChanges } from "../../../provider/steps/front/keepalived";
import type { FrontLook } from "../../../provider/steps/front/look";

const front: Front = {
  by: "keepalived",
  address: "10.0.0.10",
  port: 8443,
  virtualRouterId: 51,
  members: { cp1: "10.0.0.11", cp2: "10.0.0.12" },
};
const plan: FrontPlan = { front, node: "cp1", interface: "eth0" };

/** As it is found where `was` was brought up. */
function found(was: FrontPlan, now: FrontPlan = was): FrontLook {
  const files = [...haproxyFiles(was), ...keepalivedFiles(was)].map(({ path, content, mode }) => {
    return [path, { sha256: createHash("sha256").update(content).digest("hex"), mode }] as const;
  });
  const up = { enabled: true, active: true };
  return {
    plan: now,
    files: new Map(files),
    units: new Map([
      [haproxyUnitName, up],
      [keepalivedUnitName, up],
    ]),
    unwanted: [],
  };
}

describe("keepalived and haproxy on a host", () => {
  it("are left alone where all is as it should be", () => {
    assert.equal(isDue(keepalivedChanges(found(plan))), false);
  });

  it("are written, enabled and started on a host that has none", () => {
    const changes = keepalivedChanges({ plan, files: new Map(), units: new Map(), unwanted: ["haproxy.service"] });
    assert.equal(changes.files.length, 5);
    assert.deepEqual(changes.enable, [haproxyUnitName, keepalivedUnitName]);
    assert.deepEqual(changes.actions, [
      { unit: haproxyUnitName, verb: "start" },
      { unit: keepalivedUnitName, verb: "start" },
    ]);
    assert.deepEqual(changes.unwanted, ["haproxy.service"]);
  });

  it("are reloaded, never restarted, when a control plane comes or goes", () => {
    const more = { ...plan, front: { ...front, members: { ...front.members, cp3: "10.0.0.13" } } };
    assert.deepEqual(keepalivedChanges(found(plan, more)).actions, [
      { unit: haproxyUnitName, verb: "reload" },
      { unit: keepalivedUnitName, verb: "reload" },
    ]);
  });

  it("are started again when somebody stopped one", () => {
    const seen = found(plan);
    seen.units.set(keepalivedUnitName, { enabled: true, active: false });
    assert.deepEqual(keepalivedChanges(seen).actions, [{ unit: keepalivedUnitName, verb: "start" }]);
  });

  it("are restarted where the unit itself has changed", () => {
    const moved = { ...plan, interface: "eth1" };
    assert.deepEqual(keepalivedChanges(found(plan, moved)).actions, [{ unit: keepalivedUnitName, verb: "restart" }]);
  });
});
