import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandError } from "../../../provider/lib/errors";
import { electing } from "../../../provider/steps/etcd/client";
import { heirOf } from "../../../provider/steps/etcd/leadership";
import {
  isOf,
  memberOf,
  parseAlarms,
  parseHealth,
  parseMembers,
  parseStatus,
} from "../../../provider/steps/etcd/members";

const listed =
  '{"header":{"cluster_id":14841639068965178418,"member_id":10501334649042878790,"raft_term":2},"members":[' +
  '{"ID":10501334649042878790,"name":"cp1","peerURLs":["https://10.0.0.1:2380"],"clientURLs":["https://10.0.0.1:2379"]},' +
  '{"ID":10501334649042878791,"name":"cp2","peerURLs":["https://10.0.0.2:2380"],"clientURLs":["https://10.0.0.2:2379"]},' +
  '{"ID":18249187646912138824,"peerURLs":["https://[fd00::3]:2380"],"isLearner":true}]}';
const members = parseMembers(listed);
const [cp1, cp2, learner] = members;
assert.ok(cp1 && cp2 && learner);

test("members are read with their ids whole", () => {
  assert.deepEqual(cp1, {
    id: "91bc3c398fb3c146",
    name: "cp1",
    peerUrls: ["https://10.0.0.1:2380"],
    clientUrls: ["https://10.0.0.1:2379"],
    learner: false,
  });
  assert.equal(cp2.id, "91bc3c398fb3c147");
  assert.deepEqual([learner.learner, learner.name, learner.clientUrls], [true, "", []]);
});

test("a member that never started is known by its address", () => {
  assert.equal(memberOf(members, "cp3", "fd00::3"), learner);
  assert.equal(memberOf(members, "cp1", "10.9.9.9"), cp1);
  assert.equal(memberOf(members, "cp9", "10.0.0.30"), undefined);
  assert.equal(isOf(learner, "cp3", []), false);
});

const status = parseStatus(
  '[{"Endpoint":"https://10.0.0.1:2379","Status":{"header":{"cluster_id":1,"member_id":10501334649042878790,"revision":7},"version":"3.6.5","dbSize":20480,"leader":10501334649042878790,"raftIndex":9}},' +
    '{"Endpoint":"https://10.0.0.2:2379","Status":{"header":{"cluster_id":1,"member_id":10501334649042878791,"revision":7},"version":"3.6.5","dbSize":20480,"leader":10501334649042878790,"raftIndex":10}}]',
);

test("what endpoints say of themselves keeps its ids whole too", () => {
  assert.deepEqual(status[0], {
    endpoint: "https://10.0.0.1:2379",
    memberId: "91bc3c398fb3c146",
    leaderId: "91bc3c398fb3c146",
    version: "3.6.5",
    size: 20480,
    raftIndex: "9",
  });
  assert.deepEqual(parseStatus(""), []);
});

test("only endpoints that say so are healthy", () => {
  const text = '[{"endpoint":"https://a:2379","health":true},{"endpoint":"https://b:2379","health":false,"error":"x"}]';
  assert.deepEqual([...parseHealth(text)], ["https://a:2379"]);
});

test("alarms are read", () => {
  assert.deepEqual(parseAlarms("memberID:10501334649042878790 alarm:NOSPACE \n"), [
    { memberId: "91bc3c398fb3c146", alarm: "NOSPACE" },
  ]);
  assert.deepEqual(parseAlarms(""), []);
});

test("leadership goes to a voter that answers, never to the one that leaves", () => {
  assert.equal(heirOf(status, members, cp1)?.name, "cp2");
  assert.equal(heirOf(status, members, cp2)?.name, "cp1");
  assert.equal(heirOf(status, [cp1, { ...cp2, learner: true }], cp1), undefined);
});

test("what etcd answers while nobody leads may pass, and nothing else", () => {
  const failed = (stderr: string) => new CommandError("c1", "sh", { code: 1 }, stderr);
  assert.ok(
    electing(failed('{"level":"warn","error":"rpc error: code = DeadlineExceeded desc = context deadline exceeded"}')),
  );
  assert.ok(electing(failed("Error: etcdserver: leader changed")));
  assert.ok(!electing(failed("Error: etcdserver: permission denied")));
  assert.ok(!electing(new Error("context deadline exceeded")));
});
