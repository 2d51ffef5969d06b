// Devices as nodes, through the real CLI and kubectl: one reached by SSH, with BusyBox alone, and one at the end of a serial line.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "../support/patience";
import { isReady } from "../support/workstation";
import { faults, masses } from "./device/faults";
import { commands, logs, showing } from "./device/kubectl";
import { linePods, lineTests } from "./device/line";
import { gauge, namespace, Plant, press } from "./device/plant";
import { lastingPods, workingPods } from "./device/pods";
import { controllers, ends } from "./device/workloads";

describe("devices as nodes", () => {
  let plant: Plant;
  let found = "";
  const at = () => plant;
  /** Everything of the device's own tree; its clock and its logs are nobody's leftovers. */
  const files = () =>
    plant.lab.sh("press", "find /device -xdev -path /device/tmp -prune -o -path /device/run -prune -o -print | sort");

  before(async () => {
    plant = await Plant.open();
    await plant.build();
    found = await files();
  });

  after(async () => {
    await plant?.close();
  });

  it("are made by one up", async () => {
    await plant.up();
    const nodes = await plant.kubectl.nodes();
    assert.deepEqual(Object.keys(nodes).sort(), ["cp1", gauge, press, "w1"]);
    for (const node of Object.values(nodes)) assert.ok(isReady(node), `${node.metadata.name} is not Ready`);
    await plant.program.stack.assertSettled();
    await plant.apply([{ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }]);
    await eventually("the namespace's account", () => plant.inHall("get", "serviceaccount", "default"));
    await plant.apply([...workingPods(), ...linePods()]);
  });

  describe("kubectl", () => {
    showing(at);
    logs(at);
    commands(at);
    controllers(at);
    ends(at);
  });

  describe("a device that faults meet", () => {
    before(() => plant.apply(lastingPods()));
    faults(at);
    masses(at);
  });

  describe("a device on a serial line", () => lineTests(at));

  it("leave nothing behind", async () => {
    const { code, output } = await plant.program.stack.destroy();
    assert.equal(code, 0, output);
    assert.equal(await files(), found);
  });
});
