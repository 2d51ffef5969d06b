import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseHolder } from "../../../provider/host/whoHas";
import { examine } from "../../../provider/preflight/preflight";
import { candidate, fleet, found, other, ours } from "./fleet";

const virtualIp = { address: "10.0.0.10", port: 9443 };
const seen = { by: "m1", holder: { neighbour: "aa:bb:cc:dd:ee:ff" } };
const own = { link: "eth0", address: "10.0.0.11", prefix: 24, family: 4, scope: "global" } as const;
const extra = { link: "eth0", address: "10.0.0.10", prefix: 32, family: 4, scope: "global" } as const;
const controlPlane = { controlPlane: true };
const cp = (facts = {}) => candidate({ addresses: [own], ...facts }, controlPlane);

describe("the API's virtual address", () => {
  it("may be used where nobody has it", () => {
    assert.deepEqual(found([cp(), other()], { virtualIp }), []);
  });

  it("is refused where a machine answers, with what is known of it", () => {
    const m1 = cp();
    const [problem] = examine(m1, fleet([m1, other()], { virtualIp: { ...virtualIp, seen } }), []);
    assert.equal(problem?.check, "VirtualIP");
    assert.match(problem?.text ?? "", /MAC address aa:bb:cc:dd:ee:ff at the API's virtual address 10\.0\.0\.10$/);
  });

  it("is refused where a host itself has it, once", () => {
    const m2 = other({ addresses: [{ ...own, address: "10.0.0.12" }, extra] });
    const all = { virtualIp: { ...virtualIp, seen } };
    assert.deepEqual(found([m2, cp()], all), ["VirtualIP"]);
    assert.deepEqual(found([cp(), m2], all), []);
  });

  it("may lie on a host of this cluster, where a run goes on that was cut", () => {
    const held = cp({ addresses: [own, extra], kubernetes: ours });
    assert.deepEqual(found([held, other()], { virtualIp }), []);
  });

  it("has to lie in the control planes' network", () => {
    const far = { virtualIp: { address: "192.168.7.7", port: 8443 } };
    assert.deepEqual(found([cp()], far), ["VirtualIPNetwork"]);
    assert.deepEqual(found([candidate({ addresses: [own] })], far), []);
  });

  it("needs its port on control planes, and the check is waived by its number", () => {
    const listening = [{ address: "0.0.0.0", port: 9443, process: "nginx", pid: 7 }];
    assert.deepEqual(found([cp({ listening })], { virtualIp }), ["Port-9443"]);
    assert.deepEqual(found([cp({ listening })], { virtualIp }, ["Port-9443"]), []);
    assert.deepEqual(found([candidate({ addresses: [own], listening })], { virtualIp }), []);
  });
});

describe("what a host sees at an address", () => {
  it("is a machine of its network before it is a port", () => {
    assert.deepEqual(parseHolder("port 22\nneighbour aa:bb:cc:dd:ee:ff\n"), { neighbour: "aa:bb:cc:dd:ee:ff" });
    assert.deepEqual(parseHolder("port 22\nport 443\n"), { port: 22 });
    assert.equal(parseHolder("\n"), undefined);
  });
});
