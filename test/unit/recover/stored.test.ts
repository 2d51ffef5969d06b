import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { aloneInManifest, parseEtcdManifest } from "../../../provider/kubeadm/etcdManifest";
import { rebuiltDocuments, versionIn } from "../../../provider/kubeadm/rebuilt";
import { storedConfigMap } from "../../../provider/kubeadm/storedObject";
import { age } from "../../../provider/recover/describe";
import { parseContent } from "../../../provider/steps/recover/readSnapshot";

const field = (number: number, content: Buffer | string): Buffer => {
  const bytes = Buffer.from(content);
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length % 128) + 128, Math.floor(bytes.length / 128)];
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), bytes]);
};
const entry = (key: string, value: string) => field(2, Buffer.concat([field(1, key), field(2, value)]));
const stored = (...entries: Buffer[]) => {
  const object = Buffer.concat([field(1, field(1, "name")), ...entries]);
  return Buffer.concat([Buffer.from("k8s\0"), field(1, field(1, "v1")), field(2, object), field(3, "")]);
};
const record = JSON.stringify({ addresses: ["10.0.0.1"], machineId: "m", role: "control-plane" });

describe("a ConfigMap as etcd holds it", () => {
  it("is read from protobuf, with values of more than one byte of length", () => {
    const long = "x".repeat(300);
    assert.deepEqual(storedConfigMap(stored(entry("a", "1"), entry("b", long))), { a: "1", b: long });
    assert.deepEqual(storedConfigMap(stored()), {});
  });
  it("is read from JSON, and not at all when it is encrypted", () => {
    assert.deepEqual(storedConfigMap(Buffer.from('{"data":{"a":"1"}}')), { a: "1" });
    assert.equal(storedConfigMap(Buffer.from("k8s:enc:aescbc:v1:key1:....")), undefined);
  });
  it("is an error where it is cut", () => {
    assert.throws(() => storedConfigMap(stored(entry("a", "1")).subarray(0, -5)), /ends/);
  });
});

describe("what a snapshot holds", () => {
  const map = (value: Buffer) => `map pulumi-kubeadm ${Buffer.concat([value, Buffer.from("\n")]).toString("base64")}`;
  const status = 'status {"hash":1,"revision":42,"totalKey":3}';

  it("is the record's, where it can be read", () => {
    const value = stored(entry("clusterId", "abc"), entry("node.c1", record));
    const text = [status, map(value), "map kubeadm-config ", "node c1", "lease 10.0.0.9"].join("\n");
    const { revision, clusterId, nodes, controlPlanes } = parseContent("c1", text);
    assert.deepEqual({ revision, clusterId, nodes }, { revision: 42, clusterId: "abc", nodes: ["c1"] });
    assert.deepEqual(controlPlanes, [{ name: "c1", addresses: ["10.0.0.1"] }]);
  });
  it("is told by the API servers' leases, where it is encrypted", () => {
    const text = [status, map(Buffer.from("k8s:enc:x")), "lease 10.0.0.1", "lease 10.0.0.2"].join("\n");
    const { clusterId, controlPlanes } = parseContent("c1", text);
    assert.equal(clusterId, undefined);
    assert.deepEqual(
      controlPlanes.flatMap(({ addresses }) => addresses),
      ["10.0.0.1", "10.0.0.2"],
    );
  });
});

const manifest = `apiVersion: v1
kind: Pod
metadata: {name: etcd}
spec:
  containers:
  - name: etcd
    image: registry.k8s.io/etcd:3.6.5-0
    command:
    - etcd
    - --advertise-client-urls=https://10.0.0.2:2379
    - --data-dir=/var/lib/etcd
    - --initial-advertise-peer-urls=https://10.0.0.2:2380
    - --initial-cluster=c1=https://10.0.0.1:2380,c2=https://10.0.0.2:2380
    - --initial-cluster-state=existing
    - --name=c2
`;

describe("etcd's static pod", () => {
  it("names its member and keeps all but the lost ones", () => {
    const before = parseEtcdManifest(manifest);
    assert.equal(before.name, "c2");
    const alone = aloneInManifest(manifest);
    assert.deepEqual(parseEtcdManifest(alone), before);
    assert.match(alone, /--initial-cluster=c2=https:\/\/10\.0\.0\.2:2380\n/);
    assert.doesNotMatch(alone, /10\.0\.0\.1|initial-cluster-state/);
    assert.equal(aloneInManifest(alone), alone);
  });
});

describe("a control plane made from a backup", () => {
  const clusterConfiguration =
    "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v1.34.4\n";
  it("is told the cluster's own configuration and this node's place", () => {
    const text = rebuiltDocuments({
      node: "c1",
      address: "10.0.0.7",
      clusterConfiguration,
      kubeletConfiguration: "kind: KubeletConfiguration\n",
    });
    for (const part of [
      /advertiseAddress: 10\.0\.0\.7/,
      /name: c1/,
      /kind: ClusterConfiguration/,
      /kind: KubeletConfiguration/,
    ])
      assert.match(text, part);
    assert.equal(versionIn(clusterConfiguration), "1.34.4");
  });
});

it("tells the age of a backup by its name", () => {
  const now = new Date("2026-01-03T10:00:00Z");
  assert.equal(age("20260103T091500Z-12", now), "45 minutes");
  assert.equal(age("20260102T100000Z-12", now), "24 hours");
  assert.equal(age("20251224T100000Z-12", now), "10 days");
  assert.equal(age("odd", now), "unknown");
});
