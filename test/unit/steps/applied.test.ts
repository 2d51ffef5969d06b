// What counts as applied on a control plane: what its static pods are made of, and nothing else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { appliedOf } from "../../../provider/steps/kubeadm/applied";
import type { NodePlan } from "../../../provider/steps/kubeadm/context";

const plan = {
  clusterName: "prod",
  kubernetesVersion: "1.34.4",
  endpoint: "10.0.0.11:6443",
  network: { podCidr: "10.244.0.0/16", serviceCidr: "10.96.0.0/16", dnsDomain: "cluster.local" },
  files: {},
  role: "controlPlane",
  target: { address: "10.0.0.11" },
} as unknown as NodePlan;

const controlPlane = (more: object) => appliedOf({ ...plan, ...more }).controlPlane;
const configured = (clusterConfiguration: object) => controlPlane({ kubeadm: { clusterConfiguration } });

test("another endpoint starts no static pod anew, nor do other names in the certificate", () => {
  assert.equal(controlPlane({ endpoint: "10.0.0.200:8443" }), controlPlane({}));
  assert.equal(configured({ apiServer: { certSANs: ["api.example.com"] } }), controlPlane({}));
});

test("what their manifests hold does", () => {
  const flags = [{ name: "audit-log-maxage", value: "30" }];
  assert.notEqual(configured({ apiServer: { extraArgs: flags } }), controlPlane({}));
  assert.notEqual(configured({ scheduler: { extraArgs: flags } }), controlPlane({}));
});
