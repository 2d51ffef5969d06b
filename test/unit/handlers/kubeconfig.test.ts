import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { renamed } from "../../../provider/handlers/kubeconfig";

const admin = `apiVersion: v1
kind: Config
clusters:
- name: kubernetes
  cluster:
    certificate-authority-data: ${Buffer.from("CA").toString("base64")}
    server: https://127.0.0.1:6443
users:
- name: kubernetes-admin
  user:
    client-certificate-data: Y2VydA==
    client-key-data: a2V5
contexts:
- name: kubernetes-admin@kubernetes
  context: {cluster: kubernetes, user: kubernetes-admin}
current-context: kubernetes-admin@kubernetes
`;

test("the kubeconfig names its cluster and goes to the endpoint", () => {
  const { kubeconfig, caCertificate, server } = renamed(admin, "prod", "10.0.0.10:6443");
  const parsed = parse(kubeconfig) as {
    clusters: { name: string; cluster: { server: string } }[];
    [key: string]: unknown;
  };
  assert.equal(parsed["current-context"], "prod");
  assert.equal(parsed.clusters[0]?.cluster.server, "https://10.0.0.10:6443");
  assert.equal(server, "https://10.0.0.10:6443");
  assert.equal(caCertificate, "CA");
});

test("a file that is no administrator's kubeconfig is an error", () => {
  assert.throws(() => renamed("clusters: []", "prod", "10.0.0.10:6443"));
});
