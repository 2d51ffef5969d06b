import assert from "node:assert/strict";
import { test } from "node:test";
import { type FrontPlan, frontProblems } from "../../provider/kubeadm/front";
import { haproxyFiles } from "../../provider/kubeadm/haproxy";
import { keepalivedFiles } from "../../provider/kubeadm/keepalived";
import { kubeVipManifest } from "../../provider/kubeadm/kubeVip";
import type { Front } from "../../provider/kubeadm/spec";
import { golden, listing } from "./golden";

const front: Front = {
  by: "keepalived",
  address: "10.0.0.10",
  port: 8443,
  virtualRouterId: 51,
  members: { cp3: "10.0.0.13", cp1: "10.0.0.11", cp2: "10.0.0.12" },
};
const plan = (more: Partial<Front>, node = "cp2", link = "eth0"): FrontPlan => ({
  front: { ...front, ...more },
  node,
  interface: link,
});

test("keepalived and haproxy on one of three control planes", () => {
  golden("front-keepalived", listing([...haproxyFiles(plan({})), ...keepalivedFiles(plan({}))]));
});

test("with IPv6, where nodes have an address of each family", () => {
  const members = { cp1: "10.0.0.11,fd00::11", cp2: "10.0.0.12,fd00::12" };
  const v6 = plan({ address: "fd00::10", port: 9443, virtualRouterId: 7, members }, "cp1", "ens3");
  golden("front-keepalived-ipv6", listing([...haproxyFiles(v6), ...keepalivedFiles(v6)]));
});

test("a single control plane has no peers", () => {
  const alone = plan({ members: { cp1: "10.0.0.11" } }, "cp1");
  golden("front-keepalived-alone", listing([...haproxyFiles(alone), ...keepalivedFiles(alone)]));
});

test("kube-vip before the end of the first init, and afterwards", () => {
  const vip = plan({ by: "kube-vip", port: 6443 }, "cp1");
  golden("front-kube-vip-first", listing([kubeVipManifest(vip, "super-admin.conf")]));
  golden("front-kube-vip", listing([kubeVipManifest(vip, "admin.conf")]));
});

test("kube-vip with IPv6 and an image of one's own", () => {
  const v6 = plan({ by: "kube-vip", port: 6443, address: "fd00::10", image: "registry.example:5000/kube-vip:v1.0.3" });
  golden("front-kube-vip-ipv6", listing([kubeVipManifest(v6, "admin.conf")]));
});

test("a control plane without an address of the virtual one's family", () => {
  assert.deepEqual(frontProblems(front), []);
  const [problem, ...others] = frontProblems({ ...front, members: { ...front.members, cp2: "fd00::12" } });
  assert.match(problem?.reason ?? "", /10\.0\.0\.10 is IPv4, but cp2 has no IPv4 address/);
  assert.deepEqual(others, []);
});
