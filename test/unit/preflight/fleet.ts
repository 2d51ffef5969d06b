import type { Facts } from "../../../provider/host/facts";
import type { Candidate, Fleet } from "../../../provider/preflight/check";
import { examine } from "../../../provider/preflight/preflight";
import { fakeFacts } from "../host/fakeFacts";

export const clusterId = "c-1";

export function candidate(facts: Partial<Facts> = {}, overrides: Partial<Candidate> = {}): Candidate {
  const machine = fakeFacts(facts);
  return {
    name: "m1",
    address: "10.0.0.11",
    machineId: machine.machineId,
    facts: machine,
    controlPlane: false,
    ...overrides,
  };
}

/** A good machine beside the one under test, different in everything that has to be. */
export function other(facts: Partial<Facts> = {}, overrides: Partial<Candidate> = {}): Candidate {
  const own: Partial<Facts> = {
    hostname: "m2",
    machineId: "22222222222222222222222222222222",
    addresses: [{ link: "eth0", address: "10.0.0.12", prefix: 24, family: 4, scope: "global" }],
  };
  return candidate({ ...own, ...facts }, { name: "m2", address: "10.0.0.12", ...overrides });
}

export function fleet(candidates: Candidate[], overrides: Partial<Fleet> = {}): Fleet {
  return { clusterId, kubernetesVersion: "1.34.4", candidates, peers: [], clusterClocks: [], ...overrides };
}

/** Names of what is found on the first of them. */
export function found(candidates: Candidate[], overrides: Partial<Fleet> = {}, ignore: string[] = []): string[] {
  const [first] = candidates;
  if (first === undefined) throw new RangeError("a fleet needs a candidate");
  return examine(first, fleet(candidates, overrides), ignore).map(({ check }) => check);
}

export const ours: Facts["kubernetes"] = {
  found: ["/etc/kubernetes/kubelet.conf"],
  server: "https://10.0.0.11:6443",
  claim: { clusterId, node: "m1" },
};
