import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeAddress } from "../../../provider/host/address";
import type { Facts } from "../../../provider/host/facts";
import { fakeFacts } from "./fakeFacts";

const two: Partial<Facts> = {
  addresses: [
    { link: "lo", address: "127.0.0.1", prefix: 8, family: 4, scope: "host" },
    { link: "eth0", address: "10.0.0.11", prefix: 24, family: 4, scope: "global" },
    { link: "eth1", address: "192.168.0.11", prefix: 24, family: 4, scope: "global" },
    { link: "eth1", address: "2001:db8::b", prefix: 64, family: 6, scope: "global" },
  ],
  routes: [{ family: 4, link: "eth1", source: "192.168.0.11", metric: 0 }],
};
const decide = (facts: Partial<Facts>, wanted: string | undefined, host: string) =>
  nodeAddress("w1 (host)", fakeFacts({ ...two, ...facts }), wanted, host);

test("the argument wins over what we connect to", () => {
  assert.equal(decide({}, "192.168.0.11", "10.0.0.11"), "192.168.0.11");
});

test("an argument the host does not own is an error that lists what it has", () => {
  assert.throws(
    () => decide({}, "10.0.0.99", "10.0.0.11"),
    /10\.0\.0\.99.*10\.0\.0\.11, 192\.168\.0\.11, 2001:db8::b/s,
  );
});

test("an IPv6 address is the same in any spelling", () => {
  assert.equal(decide({}, "2001:DB8:0::B", "10.0.0.11"), "2001:db8::b");
});

test("what we connect to is the address where the host owns it", () => {
  assert.equal(decide({}, undefined, "10.0.0.11"), "10.0.0.11");
});

test("behind a translation or a name the default route decides", () => {
  assert.equal(decide({}, undefined, "203.0.113.5"), "192.168.0.11");
  assert.equal(decide({}, undefined, "w1.example.org"), "192.168.0.11");
});

test("loopback is never a node's address", () => {
  assert.equal(decide({}, undefined, "127.0.0.1"), "192.168.0.11");
});

test("two equal default routes are unclear", () => {
  const routes: Facts["routes"] = [
    { family: 4, link: "eth0", source: "10.0.0.11", metric: 100 },
    { family: 4, link: "eth1", source: "192.168.0.11", metric: 100 },
  ];
  assert.throws(() => decide({ routes }, undefined, "w1"), /several default routes.*set the node's `address`/s);
});

test("the better metric wins", () => {
  const routes: Facts["routes"] = [
    { family: 4, link: "eth0", source: "10.0.0.11", metric: 50 },
    { family: 4, link: "eth1", source: "192.168.0.11", metric: 100 },
  ];
  assert.equal(decide({ routes }, undefined, "w1"), "10.0.0.11");
});

test("an IPv6-only host has the address of its IPv6 route", () => {
  const routes: Facts["routes"] = [{ family: 6, link: "eth1", source: "2001:db8::b", metric: 0 }];
  assert.equal(decide({ routes }, undefined, "w1"), "2001:db8::b");
});

test("no default route and nothing else that says it is unclear", () => {
  assert.throws(() => decide({ routes: [] }, undefined, "w1"), /no default route/);
});
