import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyTables, ruleRemoval } from "../../../provider/host/undo/rules";

const before = [
  "iptables-nft *filter",
  "iptables-nft :INPUT ACCEPT [0:0]",
  "iptables-nft :KUBE-OLD - [0:0]",
  "iptables-nft -A INPUT -s 192.0.2.1/32 -j DROP",
  "iptables-nft COMMIT",
  "nft table ip filter",
  "nft table ip mine",
  "ipset KUBE-BEFORE",
].join("\n");

const now = [
  "iptables-nft *filter",
  "iptables-nft :INPUT ACCEPT [12:900]",
  "iptables-nft :KUBE-OLD - [0:0]",
  "iptables-nft :KUBE-FIREWALL - [0:0]",
  "iptables-nft :FLANNEL-FWD - [0:0]",
  "iptables-nft :DOCKER - [0:0]",
  "iptables-nft -A INPUT -s 192.0.2.1/32 -j DROP",
  'iptables-nft -A INPUT -m comment --comment "kubernetes \\"health\\" check" -j KUBE-FIREWALL',
  "iptables-nft -A KUBE-FIREWALL -j DROP",
  "iptables-nft -A INPUT -j DOCKER",
  "iptables-nft COMMIT",
  "iptables-nft *nat",
  "iptables-nft :POSTROUTING ACCEPT [0:0]",
  "iptables-nft COMMIT",
  "nft table ip filter",
  "nft table ip nat",
  "nft table ip mine",
  "nft table ip kube-proxy",
  "ipset KUBE-BEFORE",
  "ipset KUBE-LOOP-BACK",
  "ipset others",
].join("\n");

test("only the cluster's chains and the jumps to them are taken out", () => {
  const { restore, tables, sets } = ruleRemoval(now, before);
  assert.deepEqual(
    restore.get("iptables-nft"),
    [
      "*filter",
      '-D INPUT -m comment --comment "kubernetes \\"health\\" check" -j KUBE-FIREWALL',
      "-F KUBE-FIREWALL",
      "-F FLANNEL-FWD",
      "-X KUBE-FIREWALL",
      "-X FLANNEL-FWD",
      "COMMIT",
      "",
    ].join("\n"),
  );
  assert.deepEqual(tables, [{ family: "ip", name: "kube-proxy" }]);
  assert.deepEqual(sets, ["KUBE-LOOP-BACK"]);
});

test("a host without the cluster's rules is told nothing", () => {
  const { restore, tables, sets } = ruleRemoval(before, before);
  assert.equal(restore.size, 0);
  assert.deepEqual([tables, sets], [[], []]);
});

test("a table goes only when it is new, empty and holds no chain of anybody's", () => {
  assert.deepEqual(emptyTables(now, before), [{ family: "ip", name: "nat" }]);
  assert.deepEqual(
    emptyTables(
      now.replace("nat\niptables-nft :POSTROUTING", "nat\niptables-nft :docker - [0:0]\niptables-nft :POSTROUTING"),
      before,
    ),
    [],
  );
});
