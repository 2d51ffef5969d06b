import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { KubeObject } from "../../../provider/host/kubeObject";
import { fieldManagerOf, gone, sharedWith, together, touchedBy } from "../../../provider/manifests/applied";
import { differences, driftOf } from "../../../provider/manifests/drift";
import { inOrder, inPhases, rank } from "../../../provider/manifests/order";
import { asApplied, secretsOf } from "../../../provider/manifests/secrets";

const object = (apiVersion: string, kind: string, more: object = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: "a" },
  ...more,
});
const kinds = (objects: readonly KubeObject[]) => objects.map(({ kind }) => kind);

const all = [
  object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
  object("example.com/v1", "Thing"),
  object("apps/v1", "Deployment"),
  object("v1", "Service"),
  object("v1", "ConfigMap"),
  object("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
  object("v1", "Namespace"),
];
const ordered = [
  "Namespace",
  "CustomResourceDefinition",
  "ConfigMap",
  "Service",
  "Deployment",
  "Thing",
  "ValidatingWebhookConfiguration",
];

test("what others need goes first, whatever the program's order", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (shuffled) =>
      assert.deepEqual(kinds(inOrder(shuffled)), ordered),
    ),
  );
});

test("within a rank the program's own order stays", () => {
  const first = { ...object("v1", "ConfigMap"), metadata: { name: "z" } };
  assert.deepEqual(inOrder([first, object("v1", "Secret")]), [first, object("v1", "Secret")]);
});

test("definitions are a phase of their own, nothing else is", () => {
  assert.deepEqual(inPhases(all).map(kinds), [ordered.slice(0, 2), ordered.slice(2)]);
  assert.equal(inPhases(all.filter((one) => rank(one) !== 1)).length, 1);
  assert.deepEqual(inPhases([]), []);
});

const id = (name: string, uid?: string) => ({ apiVersion: "v1", kind: "ConfigMap", name, ...(uid ? { uid } : {}) });

test("what left the set is what was recorded and is not applied any more", () => {
  assert.deepEqual(gone([id("a"), id("b", "1")], [id("b", "2"), id("c")]), [id("a")]);
  assert.deepEqual(together([id("a"), id("b", "1")], [id("b", "2")]), [id("a"), id("b", "2")]);
});

test("another version of the same group is the same object", () => {
  const before = { apiVersion: "policy/v1beta1", kind: "PodDisruptionBudget", name: "a" };
  assert.deepEqual(gone([before], [{ ...before, apiVersion: "policy/v1" }]), []);
});

const managed = (...managers: [string, string][]): KubeObject => ({
  ...object("v1", "ConfigMap"),
  metadata: { name: "a", managedFields: managers.map(([manager, operation]) => ({ manager, operation })) },
});

test("two addons have managers of their own, and each sees the other", () => {
  assert.notEqual(fieldManagerOf("a"), fieldManagerOf("b"));
  const both = managed(["pulumi-kubeadm/a", "Apply"], ["pulumi-kubeadm/b", "Apply"], ["kubectl", "Apply"]);
  assert.equal(sharedWith("pulumi-kubeadm/a", both), "pulumi-kubeadm/b");
  assert.equal(
    sharedWith("pulumi-kubeadm/a", managed(["pulumi-kubeadm/a", "Apply"], ["pulumi-kubeadm/b", "Update"])),
    undefined,
  );
  assert.equal(touchedBy("pulumi-kubeadm/b", [both, managed(["helm", "Apply"])]).length, 1);
});

test("text of a secret is applied as data, and every form of it is known as secret", () => {
  const secret = object("v1", "Secret", { data: { a: "aGVsbG8td29ybGQ=" }, stringData: { b: "hunter2" } });
  const applied = asApplied(secret);
  assert.deepEqual(applied.data, { a: "aGVsbG8td29ybGQ=", b: "aHVudGVyMg==" });
  assert.equal("stringData" in applied, false);
  const known = secretsOf([secret, object("v1", "ConfigMap", { data: { c: "open" } })]);
  assert.deepEqual(known.sort(), ["aGVsbG8td29ybGQ=", "hello-world", "hunter2"]);
  assert.ok(secretsOf([applied]).includes("aHVudGVyMg=="));
});

test("differences are named by path", () => {
  assert.deepEqual(differences({ a: 1, b: [{ c: 1 }, 2] }, { a: 1, b: [{ c: 2 }, 2], d: 1 }), [".b[0].c", ".d"]);
  assert.deepEqual(differences({ a: [1] }, { a: [1, 2] }), [".a"]);
});

const live = (uid: string, data: object, more: object = {}): KubeObject => ({
  ...object("v1", "ConfigMap", { data, status: { seen: uid } }),
  metadata: { name: "a", uid, resourceVersion: uid, managedFields: [uid], ...more },
});

test("drift says what is missing, made anew or different, and no value", () => {
  const recorded = [id("a", "1")];
  assert.deepEqual(driftOf(recorded, [live("1", { k: "v" })], [live("1", { k: "v" }, { resourceVersion: "9" })]), []);
  assert.deepEqual(driftOf(recorded, [], []), ["ConfigMap a is missing"]);
  assert.deepEqual(driftOf(recorded, [live("2", {})], [live("2", {})]), ["ConfigMap a was deleted and made anew"]);
  const lines = driftOf(recorded, [live("1", { k: "hunter2" })], [live("1", { k: "v" })]);
  assert.deepEqual(lines, ["ConfigMap a is changed: .data.k"]);
});
