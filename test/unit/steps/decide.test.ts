import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  decide,
  etcdData,
  type Observations,
  type OwnView,
  type PeerView,
} from "../../../provider/steps/kubeadm/decide";

const id = "11111111-1111-4111-8111-111111111111";
const bare: OwnView = {
  claim: id,
  joined: false,
  parts: [],
  ready: false,
  marker: undefined,
  uid: undefined,
  nodes: [],
};
const serving: OwnView = { ...bare, parts: [etcdData], ready: true, marker: id, uid: "u1", nodes: ["cp1"] };
const seen = (own: Partial<OwnView>, peers: Record<string, PeerView> = {}): Observations => ({
  clusterId: id,
  name: "cp1",
  own: { ...bare, ...own },
  peers,
});
const living: PeerView = { kind: "living", uid: "u1" };
/** It says that cp1 was taken out without its host. */
const without: PeerView = { ...living, removed: { cp1: "" }, nodes: ["cp2"] };
const down = { joined: true, parts: [etcdData] };

const rows: [string, Observations, string][] = [
  ["the first host, alone", seen({}), "init"],
  ["the first host, others proven empty", seen({}, { cp2: { kind: "empty" }, cp3: { kind: "empty" } }), "init"],
  ["a killed init", seen({ parts: [etcdData] }), "init+reset"],
  ["a killed init whose API already answers", seen({ ...serving, marker: undefined }), "init+reset"],
  ["a complete cluster", seen(serving), "adopt"],
  ["a complete cluster that lost its marker", seen({ ...serving, marker: undefined, nodes: ["cp1", "w1"] }), "adopt"],
  ["a joined host that lost the marker", seen({ ...serving, marker: undefined, joined: true }), "adopt"],
  ["a living peer", seen({}, { cp2: living }), "join"],
  [
    "a living peer and an unreachable one",
    seen({}, { cp2: { kind: "unreachable", reason: "x" }, cp3: living }),
    "join",
  ],
  ["a killed join", seen({ parts: [etcdData] }, { cp2: living }), "join+reset"],
  ["a replaced first control plane", seen({ joined: true }, { cp2: living }), "join"],
  ["a joined host and a living peer", seen({ ...serving, joined: true }, { cp2: living }), "adopt"],
  [
    "a join cut off when its API answered and its kubelet had no certificate",
    seen({ ...serving, nodes: ["cp2"] }, { cp2: living }),
    "join+reset",
  ],
  ["a join cut off after its node was there", seen({ ...serving, nodes: ["cp1", "cp2"] }, { cp2: living }), "adopt"],
  [
    "the same without anybody to join through",
    seen({ ...serving, nodes: ["cp2"] }, { cp2: { kind: "unreachable", reason: "x" } }),
    "adopt",
  ],
  ["two clusters under one id", seen(serving, { cp2: { kind: "living", uid: "u2" } }), "refuse"],
  ["an unreachable peer", seen({}, { cp2: { kind: "unreachable", reason: "no route" } }), "refuse"],
  ["a peer that holds data and is down", seen({}, { cp2: { kind: "down", parts: [etcdData] } }), "refuse"],
  ["a peer whose init did not end", seen({}, { cp2: { kind: "unfinished" } }), "refuse"],
  ["a peer of another cluster", seen({}, { cp2: { kind: "foreign", marker: "other" } }), "refuse"],
  [
    "a killed init while a peer is unreachable",
    seen({ parts: [etcdData] }, { cp2: { kind: "unreachable", reason: "x" } }),
    "refuse",
  ],
  ["a joined host whose API is down", seen({ joined: true, parts: [etcdData] }), "refuse"],
  [
    "a joined host whose API is down, with a living peer",
    seen({ joined: true, parts: [etcdData] }, { cp2: living }),
    "refuse",
  ],
  ["a control plane taken out without its host, and back", seen(down, { cp2: without }), "join+reset"],
  [
    "one that is back with others of its kind, so that its old API answers",
    seen({ ...serving, joined: true }, { cp2: without, cp3: living }),
    "join+reset",
  ],
  ["one whose removal did not end", seen(down, { cp2: { ...without, nodes: ["cp1", "cp2"] } }), "refuse"],
  [
    "one that was let in again",
    seen({ ...down, machineId: "m1" }, { cp2: { ...without, removed: { cp1: "m1" } } }),
    "refuse",
  ],
  [
    "another machine under its name",
    seen({ machineId: "m2" }, { cp2: { ...without, removed: { cp1: "m1" } } }),
    "join",
  ],
  [
    "one taken out, while nobody who says so lives",
    seen(down, { cp2: { kind: "unreachable", reason: "x" } }),
    "refuse",
  ],
  [
    "the machine of another node that was taken out",
    seen({ ...down, was: "cp9" }, { cp2: { ...living, removed: { cp9: "" }, nodes: [] } }),
    "join+reset",
  ],
  ["the machine of another node", seen({ ...down, was: "cp9" }, { cp2: { ...living, nodes: ["cp9"] } }), "refuse"],
  ["a joined host that lost everything", seen({ joined: true }), "refuse"],
  ["a joined host that lost everything, others empty", seen({ joined: true }, { cp2: { kind: "empty" } }), "refuse"],
  ["a host of another cluster by its journal", seen({ claim: "other" }), "refuse"],
  ["a host of another cluster by its marker", seen({ ...serving, marker: "other" }), "refuse"],
  ["a cluster nobody claimed", seen({ claim: undefined, parts: [etcdData] }), "refuse"],
];

for (const [what, observations, expected] of rows)
  test(`control plane: ${what}: ${expected}`, () => {
    const decision = decide(observations);
    const reset = "reset" in decision && decision.reset ? "+reset" : "";
    assert.equal(`${decision.action}${reset}`, expected);
  });

const anyPeer = fc.oneof(
  fc.constant<PeerView>({ kind: "empty" }),
  fc.constant<PeerView>({ kind: "unreachable", reason: "x" }),
  fc.constant<PeerView>({ kind: "down", parts: [etcdData] }),
  fc.constant<PeerView>({ kind: "unfinished" }),
  fc.constant<PeerView>({ kind: "foreign", marker: "other" }),
  fc.constantFrom("u1", "u2").map((uid): PeerView => ({ kind: "living", uid })),
);
const anyOwn = fc
  .record({
    claim: fc.constantFrom(id, "other", undefined),
    joined: fc.boolean(),
    parts: fc.constantFrom<string[]>([], [etcdData], ["/etc/kubernetes/admin.conf"]),
    ready: fc.boolean(),
    marker: fc.constantFrom(id, "other", undefined),
    uid: fc.constantFrom("u1", "u2", undefined),
    nodes: fc.constantFrom<string[]>([], ["cp1"], ["cp1", "w1"]),
  })
  // Without an API that answers nobody knows a marker, a cluster's uid or its nodes.
  .map((own): OwnView => (own.ready ? own : { ...own, marker: undefined, uid: undefined, nodes: [] }));

test("never two clusters from one: init only where nobody else can hold it and this host never was part of it", () => {
  fc.assert(
    fc.property(anyOwn, fc.dictionary(fc.constantFrom("cp2", "cp3", "cp4"), anyPeer), (own, peers) => {
      const decision = decide({ clusterId: id, name: "cp1", own, peers });
      if (decision.action !== "init") return;
      assert.ok(Object.values(peers).every((peer) => peer.kind === "empty"));
      assert.ok(!own.joined && own.marker === undefined && own.claim !== "other");
      assert.ok(own.nodes.every((node) => node === "cp1"));
      assert.ok(!decision.reset || own.claim === id);
    }),
    { numRuns: 2000 },
  );
});
