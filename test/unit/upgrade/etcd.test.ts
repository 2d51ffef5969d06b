import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAlarms, parseHealth, parseMembers, parseStatus } from "../../../provider/steps/etcd/members";
import { judgeEtcd } from "../../../provider/steps/upgradeChecks/etcd";
import { cluster, etcdOf, node, short, texts, wish } from "./view";

const all = { c1: "3.5.24", c2: "3.5.24", c3: "3.5.24" };
const judged = (etcd: ReturnType<typeof etcdOf>, to = "1.34.4") => judgeEtcd(cluster({ etcd }), wish({ to }));

test("what a real etcd 3.5 without room says is one finding", () => {
  const id = "7383792418829112008";
  const etcd = {
    members: parseMembers(
      `{"header":{"cluster_id":15875391935852295136,"member_id":${id},"raft_term":2},"members":[{"ID":${id},"name":"c1","peerURLs":["http://127.0.0.1:42380"],"clientURLs":["http://127.0.0.1:42379"]}]}`,
    ),
    status: parseStatus(
      `[{"Endpoint":"http://127.0.0.1:42379","Status":{"header":{"cluster_id":15875391935852295136,"member_id":${id},"revision":256,"raft_term":2},"version":"3.5.24","dbSize":6135808,"leader":${id},"raftIndex":263,"raftTerm":2,"raftAppliedIndex":263,"errors":["memberID:${id} alarm:NOSPACE "],"dbSizeInUse":5222400}}]`,
    ),
    healthy: parseHealth(
      '[{"endpoint":"http://127.0.0.1:42379","health":false,"took":"1.239192ms","error":"Active Alarm(s): NOSPACE "}]',
    ),
    alarms: parseAlarms(`memberID:${id} alarm:NOSPACE `),
  };
  const findings = judgeEtcd(cluster({ etcd, nodes: [node("c1")] }), wish());
  assert.deepEqual(short(findings), ["UpgradeEtcd c1"]);
  assert.match(texts(findings), /alarm NOSPACE/);
});

test("an alarm is told at its member's node", () => {
  const findings = judged(etcdOf(all, { alarms: [{ memberId: "idc2", alarm: "NOSPACE" }] }));
  assert.deepEqual(short(findings), ["UpgradeEtcd c2"]);
  assert.match(findings[0]?.remedy ?? "", /quota/);
});

test("a member that nobody explains, and a control plane without one", () => {
  const etcd = etcdOf({ ...all, c9: "3.5.24" });
  const findings = judgeEtcd(cluster({ etcd, nodes: [...cluster().nodes, node("c4")] }), wish());
  assert.deepEqual(short(findings), ["UpgradeEtcd", "UpgradeEtcd c4"]);
  assert.match(texts(findings), /no node of it: c9 \(10\.0\.0\.109, idc9\)/);
});

test("a learner, and a member that is not well", () => {
  const etcd = etcdOf(all);
  const members = etcd.members.map((member) => ({ ...member, learner: member.name === "c3" }));
  assert.deepEqual(short(judged({ ...etcd, members, healthy: new Set(["idc1", "idc3"]) })), [
    "UpgradeEtcd c2",
    "UpgradeEtcd c3",
  ]);
});

test("a member that never started is known by its address", () => {
  const etcd = etcdOf(all);
  const members = etcd.members.map((member) =>
    member.name === "c3" ? { ...member, name: "", learner: true } : member,
  );
  assert.deepEqual(short(judged({ ...etcd, members })), ["UpgradeEtcd c3"]);
});

test("before another minor of etcd all that are still at the former one are the same", () => {
  const findings = judged(etcdOf({ ...all, c2: "3.5.21" }));
  assert.deepEqual(short(findings), ["UpgradeEtcd"]);
  assert.match(
    texts(findings),
    /different versions \(c1 3\.5\.24, c2 3\.5\.21, c3 3\.5\.24\) before the step to 3\.6\.5/,
  );
  assert.deepEqual(judged(etcdOf({ c1: "3.6.5", c2: "3.5.24", c3: "3.5.24" })), []);
});

test("within one minor of etcd they may differ", () => {
  assert.deepEqual(judged(etcdOf({ c1: "3.6.5", c2: "3.6.4", c3: "3.6.4" }), "1.35.4"), []);
  assert.deepEqual(judged(etcdOf({ ...all, c2: "3.5.21" }), "1.33.13"), []);
});

test("a 3.5 that is too old for the step is named", () => {
  const findings = judged(etcdOf({ c1: "3.5.16", c2: "3.5.16", c3: "3.5.16" }));
  assert.deepEqual(short(findings), ["UpgradeEtcd c1", "UpgradeEtcd c2", "UpgradeEtcd c3"]);
  assert.match(texts(findings), /3\.5\.16; the step to 3\.6\.5 needs 3\.5\.20/);
});
