import assert from "node:assert/strict";
import { test } from "node:test";
import { inputs, planOf } from "./inputs";

const names = (refs: readonly string[]) => refs.map((ref) => ref.replace(/^.*\//, "").replace(/:.*$/, ""));

test("a worker gets no control plane's images, a control plane all of them", () => {
  assert.deepEqual(names(planOf().images), ["pause", "kube-proxy", "flannel-cni-plugin", "flannel", "coredns"]);
  const control = names(planOf({ roles: { controlPlane: true, worker: false } }).images);
  assert.deepEqual(control.slice(0, 5), [
    "pause",
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
  ]);
});

test("kube-vip's image goes to the control planes that use it, from wherever the program says", () => {
  const roles = { controlPlane: true, worker: false };
  assert.ok(planOf({ roles, front: { by: "kube-vip" } }).images.includes("ghcr.io/kube-vip/kube-vip:v1.0.3"));
  const image = "registry.example:5000/kube-vip:v1.0.3";
  assert.ok(planOf({ roles, front: { by: "kube-vip", image } }).images.includes(image));
  assert.equal(names(planOf({ roles, front: { by: "keepalived" } }).images).includes("kube-vip"), false);
  assert.equal(planOf().isWorkload("mirror.example/kube-vip/kube-vip:v1.0.3"), false);
});

test("what a bundle holds beside Kubernetes is for workloads, whatever registry it is of", () => {
  const { isWorkload } = planOf();
  assert.equal(isWorkload("docker.io/library/hello-web:1.0"), true);
  assert.equal(isWorkload("mirror.example:5000/kube-apiserver:v1.33.0"), false);
  assert.equal(isWorkload("registry.k8s.io/coredns/coredns:v1.12.0"), false);
});

test("a runtime that is kept gets neither programs nor files of ours, only the CNI plugins", () => {
  const plan = planOf({}, true);
  assert.deepEqual(
    plan.runtime.map(({ target }) => target),
    ["/opt/cni/bin"],
  );
  assert.deepEqual(
    plan.files.filter(({ of }) => of === "runtime"),
    [],
  );
});

test("the runtime's cgroup driver is the kubelet's", () => {
  const config = (changed: object) =>
    planOf(changed).files.find(({ path }) => path === "/etc/containerd/config.toml")?.content ?? "";
  assert.match(config({}), /SystemdCgroup = true/);
  assert.match(config({ kubeletConfiguration: { cgroupDriver: "cgroupfs" } }), /SystemdCgroup = false/);
});

test("files that may hold credentials are for root alone", () => {
  const registries = { "mirror.example": { username: "u", password: "p" } };
  const plan = planOf({ containerd: { registries } });
  const secret = plan.files.filter(
    ({ content }) => content.includes(Buffer.from("u:p").toString("base64")) || content.includes('"p"'),
  );
  assert.ok(secret.length > 0);
  assert.deepEqual(
    secret.map(({ mode }) => mode).filter((mode) => mode !== 0o600),
    [],
  );
});

test("forwarding of IPv6 is set where a node has an address of it", () => {
  const key = "/proc/sys/net/ipv6/conf/all/forwarding";
  assert.equal(planOf().sysctls.get(key), undefined);
  assert.equal(planOf({ nodeAddresses: ["192.0.2.1", "2001:db8::1"] }).sysctls.get(key), "1");
  assert.equal(planOf().sysctls.get("/proc/sys/net/ipv4/ip_forward"), "1");
});

test("versions of the program win over the bundle's, those over ours", () => {
  const artifact = (plan: ReturnType<typeof planOf>) => plan.runtime[1]?.title;
  assert.equal(artifact(planOf({ containerd: { version: "1.7.29" } })), "containerd 1.7.29");
  assert.notEqual(artifact(planOf()), "containerd 1.7.29");
  assert.equal(inputs.containerd, undefined);
});
