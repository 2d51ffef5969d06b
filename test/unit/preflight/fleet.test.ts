import assert from "node:assert/strict";
import { test } from "node:test";
import { median } from "../../../provider/preflight/clock";
import { candidate, found, other } from "./fleet";

const me = candidate();
const clock = (seconds: number, uncertaintyMs = 0) => ({ clock: { offsetMs: seconds * 1000, uncertaintyMs } });

test("two good machines pass", () => {
  assert.deepEqual(found([me, other()]), []);
});

test("host names are unique, in any case, and the one a host will get counts", () => {
  assert.deepEqual(found([me, other({ hostname: "M1" })]), ["UniqueHostname"]);
  assert.deepEqual(found([me, other({ hostname: "m1" }, { hostname: "m2" })]), []);
  assert.deepEqual(found([me, other({}, { hostname: "m1" })]), ["UniqueHostname"]);
});

test("machine-ids are unique among new hosts and nodes", () => {
  const { machineId } = me.facts;
  assert.deepEqual(found([me, other({ machineId }, { machineId })]), ["UniqueMachineID"]);
  const peer = { name: "w9", machineId, address: "10.0.0.99" };
  assert.deepEqual(found([me], { peers: [peer] }), ["UniqueMachineID"]);
  assert.deepEqual(found([me], { peers: [{ ...peer, name: "m1" }] }), []);
});

test("a machine without a machine-id is told from the others", () => {
  assert.deepEqual(found([candidate({ machineId: "" })]), ["UniqueMachineID"]);
});

test("addresses are unique among new hosts and nodes", () => {
  const addresses = me.facts.addresses;
  assert.deepEqual(found([me, other({ addresses }, { address: "10.0.0.11" })]), ["UniqueAddress"]);
  assert.deepEqual(found([me], { peers: [{ name: "w9", machineId: "x", address: "10.0.0.11" }] }), ["UniqueAddress"]);
});

test("a shared product uuid is told, a missing one passes", () => {
  const uuid = { productUuid: "4c4c4544-0042-3510-8052-b7c04f4a3332" };
  assert.deepEqual(found([candidate(uuid), other(uuid)]), ["UniqueProductUUID"]);
  assert.deepEqual(found([candidate({ productUuid: "" }), other({ productUuid: "" })]), []);
});

test("clocks are measured against what most say", () => {
  const third = other({}, { name: "m3" });
  const rest = { hostname: "m3", machineId: "3".repeat(32) };
  const m3 = { ...third, address: "10.0.0.13", machineId: rest.machineId };
  m3.facts = {
    ...m3.facts,
    ...rest,
    addresses: [{ link: "eth0", address: "10.0.0.13", prefix: 24, family: 4, scope: "global" }],
  };
  assert.deepEqual(found([candidate(clock(45)), other(), m3]), ["ClockSkew"]);
  assert.deepEqual(found([candidate(clock(-31)), other(), m3]), ["ClockSkew"]);
  assert.deepEqual(found([candidate(clock(29)), other(), m3]), []);
  // A slow connection must not make a good clock look wrong.
  assert.deepEqual(found([candidate(clock(31, 2000)), other(), m3]), []);
});

test("between two clocks the one nearer to ours is right", () => {
  assert.deepEqual(found([candidate(clock(50)), other()]), ["ClockSkew"]);
  assert.deepEqual(found([other(), candidate(clock(50))]), []);
  assert.equal(median([50_000, 0]), 0);
  assert.equal(median([]), undefined);
});

test("the cluster's clocks decide where there is a cluster", () => {
  assert.deepEqual(found([me], { clusterClocks: [90_000] }), ["ClockSkew", "WorkstationClock"]);
  assert.deepEqual(found([me], { clusterClocks: [1000, 2000, 900_000] }), []);
});

test("hosts that agree with each other and not with us are told once", () => {
  assert.deepEqual(found([candidate(clock(90)), other(clock(90))]), ["WorkstationClock"]);
  assert.deepEqual(found([other(clock(90)), candidate(clock(90))]), ["WorkstationClock"]);
});
