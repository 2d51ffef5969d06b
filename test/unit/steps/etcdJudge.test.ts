import assert from "node:assert/strict";
import { test } from "node:test";
import { leftLearners, refusal, type Seen, type Wish } from "../../../provider/steps/etcd/judge";
import type { EtcdMember } from "../../../provider/steps/etcd/members";

const addresses: Record<string, string> = { cp1: "10.0.0.1", cp2: "10.0.0.2", cp3: "10.0.0.3" };
const names = Object.keys(addresses);

function member(name: string, more: Partial<EtcdMember> = {}): EtcdMember {
  const address = addresses[name] ?? "10.0.0.99";
  return { id: `a${name}`, name, peerUrls: [`https://${address}:2380`], clientUrls: [], learner: false, ...more };
}

interface Situation {
  members?: EtcdMember[];
  /** Names of members and API servers that do not answer. */
  sick?: string[];
  nodes?: string[];
  alarms?: Seen["etcd"]["alarms"];
}

function seen({ members = names.map((name) => member(name)), sick = [], nodes = names, alarms = [] }: Situation): Seen {
  const healthy = new Set(members.filter(({ name }) => !sick.includes(name)).map(({ id }) => id));
  return {
    etcd: { members, healthy, status: [], alarms },
    nodes: nodes.map((name) => ({
      name,
      addresses: [addresses[name] ?? ""],
      sick: sick.includes(name) ? "connection refused" : undefined,
    })),
  };
}

function wish(change: Wish["change"], node: string, more: Partial<Wish> = {}): Wish {
  return { change, node, address: addresses[node] ?? "10.0.0.4", gone: [], known: addresses, ...more };
}

test("healthy control planes may change, one at a time", () => {
  for (const change of ["remove", "upgrade", "endpoint", "certificates", "configuration"] as const)
    assert.equal(refusal(seen({}), wish(change, "cp2")), undefined, change);
  assert.equal(refusal(seen({}), wish("join", "cp4")), undefined);
});

test("beside a sick one nothing else is changed, and the sick one is named", () => {
  for (const change of ["join", "remove", "upgrade"] as const) {
    const found = refusal(seen({ sick: ["cp3"] }), wish(change, change === "join" ? "cp4" : "cp1"));
    assert.match(found?.reason ?? "", /cp3: its etcd member is not healthy, its API server is not ready/, change);
    assert.ok(found?.mayPass);
  }
});

test("the sick one itself may be repaired and may go", () => {
  assert.equal(refusal(seen({ sick: ["cp3"] }), wish("upgrade", "cp3")), undefined);
  assert.equal(refusal(seen({ sick: ["cp3"] }), wish("remove", "cp3")), undefined);
});

test("two dead of five go one after the other", () => {
  const five = { ...addresses, cp4: "10.0.0.4", cp5: "10.0.0.5" };
  const situation = seen({ members: Object.keys(five).map((name) => member(name)), sick: ["cp4", "cp5"] });
  assert.equal(refusal(situation, wish("remove", "cp4", { known: five, gone: ["cp5"] })), undefined);
  const known = { ...situation, nodes: [...situation.nodes, { name: "cp5", addresses: [], sick: "no answer" }] };
  assert.equal(refusal(known, wish("remove", "cp4", { known: five })), undefined);
});

test("a removal that would lose the quorum is refused", () => {
  const dead = refusal(seen({ sick: ["cp2"] }), wish("remove", "cp3"));
  assert.match(dead?.reason ?? "", /1 healthy of 2 members would be left, and 2 are needed \(cp2: /);
  const two = [member("cp1"), member("cp2")];
  const found = refusal(seen({ members: two, nodes: ["cp1"], sick: ["cp2"] }), wish("remove", "cp2"));
  assert.match(found?.reason ?? "", /lost its quorum already: 1 healthy of 2/);
  assert.match(found?.remedy ?? "", /recover/);
});

test("a member that is no node is found, named and explained", () => {
  const stranger = member("", { id: "b00", peerUrls: ["https://10.0.0.99:2380"] });
  const found = refusal(seen({ members: [...names.map((name) => member(name)), stranger] }), wish("remove", "cp2"));
  assert.match(found?.reason ?? "", /a member without a name \(10\.0\.0\.99, b00\)/);
  assert.match(found?.remedy ?? "", /exec etcd-cp1 -- etcdctl .* member remove b00/);
  const deleted = refusal(seen({ nodes: ["cp1", "cp2"] }), wish("upgrade", "cp1"));
  assert.match(deleted?.reason ?? "", /cp3 \(10\.0\.0\.3/);
  assert.match(deleted?.remedy ?? "", /it is cp3 of this program/);
});

test("a node without a member is told how its removal ends", () => {
  const found = refusal(seen({ members: [member("cp1"), member("cp2")] }), wish("upgrade", "cp1"));
  assert.match(found?.reason ?? "", /cp3 is a control plane by its Node, but etcd has no member of it/);
  assert.equal(refusal(seen({ members: [member("cp1"), member("cp2")] }), wish("remove", "cp3")), undefined);
});

test("a learner of ours is taken out, somebody else's is not", () => {
  const ours = member("", { id: "c4", peerUrls: ["https://10.0.0.4:2380"], learner: true });
  const theirs = member("", { id: "d9", peerUrls: ["https://10.0.0.99:2380"], learner: true });
  const situation = seen({ members: [...names.map((name) => member(name)), ours] });
  const joining = wish("join", "cp4");
  assert.deepEqual(leftLearners(situation, joining), [ours]);
  assert.equal(refusal(situation, joining), undefined);
  const foreign = seen({ members: [...names.map((name) => member(name)), theirs] });
  assert.deepEqual(leftLearners(foreign, joining), []);
  assert.match(refusal(foreign, joining)?.reason ?? "", /no node of the cluster/);
});

test("an alarm stops everything", () => {
  const found = refusal(seen({ alarms: [{ memberId: "acp2", alarm: "NOSPACE" }] }), wish("remove", "cp1"));
  assert.match(found?.reason ?? "", /NOSPACE on cp2/);
  assert.match(found?.remedy ?? "", /alarm disarm/);
});

test("a machine that comes again under its name and address takes its old member's place", () => {
  assert.equal(refusal(seen({ sick: ["cp3"], nodes: ["cp1", "cp2"] }), wish("join", "cp3")), undefined);
});
