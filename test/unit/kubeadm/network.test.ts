import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type NetworkPlan, nodeAddressProblems, validateNetwork } from "../../../provider/kubeadm/network";
import { describe } from "../../../provider/kubeadm/problem";

const usual: NetworkPlan = {
  podCidr: "10.244.0.0/16",
  serviceCidr: "10.96.0.0/16",
  dnsDomain: "cluster.local",
  hosts: [{ path: "workers.w1.address", addresses: ["10.0.0.21"] }],
  nodeCount: 5,
};
const texts = (plan: NetworkPlan) => validateNetwork({ ...usual, ...plan }).map(describe);

test("usual networks of every kind are fine", () => {
  const dual = { podCidr: "10.244.0.0/16,fd00:10:244::/56", serviceCidr: "10.96.0.0/16, fd00:10:96::/112" };
  const v6 = { podCidr: "fd00:10:244::/56", serviceCidr: "fd00:10:96::/108" };
  for (const plan of [{}, dual, v6, { nodeCount: 256 }, { podCidr: undefined }]) assert.deepEqual(texts(plan), []);
});

test("everything that is wrong is told at once, with its argument", () => {
  const problems = texts({
    podCidr: "10.244.1.0/16",
    serviceCidr: "10.244.128.0/20",
    dnsDomain: "Cluster_local",
    nodeCount: 300,
    hosts: [
      { path: "controlPlanes.cp1.address", addresses: ["10.244.3.4"] },
      { path: "workers.w1.address", addresses: ["10.244.3.4"] },
    ],
  });
  const wanted = [
    /^network\.podCidr: "10\.244\.1\.0\/16" is an address inside a network; the network is 10\.244\.0\.0\/16$/,
    /^network\.podCidr: 10\.244\.0\.0\/16 holds 256 networks of \/24.* 300 nodes$/,
    /^network\.serviceCidr: 10\.244\.128\.0\/20 overlaps network\.podCidr 10\.244\.0\.0\/16$/,
    /^controlPlanes\.cp1\.address: 10\.244\.3\.4 lies in network\.podCidr/,
    /^workers\.w1\.address: 10\.244\.3\.4 lies in network\.podCidr/,
    /^workers\.w1\.address: 10\.244\.3\.4 is also controlPlanes\.cp1\.address$/,
    /^network\.dnsDomain: "Cluster_local" is no DNS name/,
  ];
  assert.equal(problems.length, wanted.length, problems.join("\n"));
  for (const [index, pattern] of wanted.entries()) assert.match(problems[index] ?? "", pattern);
});

test("networks have to be of the same families in the same order", () => {
  const [pods, services] = ["10.244.0.0/16,fd00:10:244::/56", "fd00:10:96::/112,10.96.0.0/16"];
  assert.match(texts({ podCidr: pods, serviceCidr: services }).join(), /same families, in the same order/);
  assert.match(texts({ podCidr: pods }).join(), /is IPv4 but network\.podCidr is IPv4 and IPv6/);
});

test("two networks of one family, or three, are no pair", () => {
  const both = "one network, or one IPv4 and one IPv6 network";
  assert.ok(texts({ podCidr: "10.244.0.0/16,10.245.0.0/16" }).join().includes(both));
  assert.ok(texts({ podCidr: "10.244.0.0/16,fd00:1::/56,fd00:2::/56" }).join().includes(both));
});

test("sizes that Kubernetes refuses are told beforehand", () => {
  assert.match(texts({ podCidr: "10.244.0.0/25" }).join(), /holds 0 networks of \/24/);
  assert.match(texts({ podCidr: "0.0.0.0/7", hosts: [], serviceCidr: "10.96.0.0/16" }).join(), /too wide: at most \/8/);
  assert.match(texts({ serviceCidr: "10.96.0.0/11" }).join(), /too wide: at most \/12/);
  assert.match(texts({ serviceCidr: "10.96.0.0/29" }).join(), /too small/);
  assert.match(texts({ podCidr: "fd00:10:244::/47", serviceCidr: "fd00:10:96::/112" }).join(), /at most \/48/);
});

test("a host's address is refused exactly if it lies in one of the networks", () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const inside = address.startsWith("10.244.") || address.startsWith("10.96.");
      const problems = validateNetwork({ ...usual, hosts: [{ path: "a", addresses: [address] }] });
      assert.equal(problems.length, inside ? 1 : 0);
    }),
  );
});

test("the pod network has to hold a part for every node, whatever its size", () => {
  fc.assert(
    fc.property(fc.integer({ min: 9, max: 24 }), fc.integer({ min: 1, max: 70000 }), (prefix, nodeCount) => {
      const fits = 2 ** (24 - prefix) >= nodeCount;
      const problems = validateNetwork({ podCidr: `128.0.0.0/${prefix}`, nodeCount });
      assert.equal(problems.length, fits ? 0 : 1);
    }),
  );
});

test("a node has at most one address of each of the cluster's families, in their order", () => {
  const dual = "10.244.0.0/16,fd00:10:244::/56";
  const reasons = (addresses: string[], cidr: string) => nodeAddressProblems(addresses, cidr, "address").map(describe);
  assert.deepEqual(reasons(["10.0.0.1", "fd00::1"], dual), []);
  assert.deepEqual(reasons(["10.0.0.1"], dual), []);
  assert.match(reasons(["fd00::1", "10.0.0.1"], dual).join(), /IPv4 and IPv6 expected, in this order/);
  assert.match(reasons(["10.0.0.1", "fd00::1"], "10.244.0.0/16").join(), /IPv4 expected/);
  assert.match(reasons(["fd00::1"], "10.244.0.0/16").join(), /IPv4 expected/);
  assert.match(reasons(["node-1"], dual).join(), /"node-1" is no IP address/);
});
