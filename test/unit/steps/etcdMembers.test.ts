import assert from "node:assert/strict";
import { test } from "node:test";
import { mayNotLeave, memberOf, parseMembers } from "../../../provider/steps/kubeadm/etcdMembers";

const listed = `8e9e05c52164694d, started, cp1, https://10.0.0.1:2380, https://10.0.0.1:2379, false
91bc3c398fb3c146, started, cp2, https://10.0.0.2:2380, https://10.0.0.2:2379, false
fd422379fda50e48, unstarted, , https://10.0.0.3:2380, , true
`;
const members = parseMembers(listed);
const [cp1, cp2, learner] = members;
assert.ok(cp1 && cp2 && learner);
const healthy = (...urls: string[]) => new Set(urls);

test("members are read with their ids whole", () => {
  assert.equal(members.length, 3);
  assert.deepEqual(cp1, {
    id: "8e9e05c52164694d",
    name: "cp1",
    started: true,
    peerUrls: ["https://10.0.0.1:2380"],
    clientUrls: ["https://10.0.0.1:2379"],
    learner: false,
  });
  assert.equal(learner.learner, true);
});

test("a member that never started is known by its address", () => {
  assert.equal(memberOf(members, "cp3", "10.0.0.3"), learner);
  assert.equal(memberOf(members, "cp1", "10.9.9.9"), cp1);
  assert.equal(memberOf(members, "cp9", "10.0.0.30"), undefined);
});

test("a member leaves only when all that stay are healthy", () => {
  assert.equal(mayNotLeave(members, cp2, healthy("https://10.0.0.1:2379")), undefined);
  assert.match(mayNotLeave(members, cp2, healthy("https://10.0.0.2:2379")) ?? "", /cp1 is not healthy/);
  assert.match(mayNotLeave([cp1], cp1, healthy("https://10.0.0.1:2379")) ?? "", /last member/);
});

test("a learner has no vote and may always leave", () => {
  assert.equal(mayNotLeave(members, learner, healthy()), undefined);
});
