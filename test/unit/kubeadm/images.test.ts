import assert from "node:assert/strict";
import { test } from "node:test";
import { flannelImages, imagesFor, inRegistry, pauseImage, splitImage } from "../../../provider/kubeadm/images";

const plan = { kubernetesVersion: "1.34.4", cni: { flannel: {} }, role: "controlPlane" } as const;

test("a control plane needs its servers before its init, the agents afterwards", () => {
  // What `kubeadm config images list --kubernetes-version 1.34.4` prints, but kube-proxy and CoreDNS.
  assert.deepEqual(imagesFor({ ...plan, cni: "none" }), {
    first: [
      "registry.k8s.io/pause:3.10.1",
      "registry.k8s.io/etcd:3.6.5-0",
      "registry.k8s.io/kube-apiserver:v1.34.4",
      "registry.k8s.io/kube-controller-manager:v1.34.4",
      "registry.k8s.io/kube-scheduler:v1.34.4",
    ],
    rest: ["registry.k8s.io/kube-proxy:v1.34.4", "registry.k8s.io/coredns/coredns:v1.12.1"],
  });
});

test("a worker needs its agents first and no server at all", () => {
  const { first, rest } = imagesFor({ ...plan, role: "worker" });
  assert.deepEqual(first.slice(0, 2), ["registry.k8s.io/pause:3.10.1", "registry.k8s.io/kube-proxy:v1.34.4"]);
  assert.match(
    first.slice(2).join(" "),
    /^ghcr.io\/flannel-io\/flannel-cni-plugin:v\S+ ghcr.io\/flannel-io\/flannel:v\S+$/,
  );
  assert.deepEqual(rest, ["registry.k8s.io/coredns/coredns:v1.12.1"]);
});

test("a repository of one's own is flat", () => {
  const { first, rest } = imagesFor({ ...plan, imageRepository: "10.0.0.5:5000/k8s", cni: "none" });
  for (const image of [...first, ...rest]) assert.match(image, /^10\.0\.0\.5:5000\/k8s\/[a-z-]+:/);
  assert.equal(pauseImage("1.33.6", "10.0.0.5:5000/k8s"), "10.0.0.5:5000/k8s/pause:3.10");
});

test("the user's documents name other images of etcd and CoreDNS", () => {
  const clusterConfiguration = {
    imageRepository: "r.example/k",
    etcd: { local: { imageTag: "3.6.9-0" } },
    dns: { imageRepository: "registry.k8s.io", imageTag: "v1.99.0" },
  };
  const { first, rest } = imagesFor({ ...plan, clusterConfiguration });
  assert.ok(first.includes("r.example/k/etcd:3.6.9-0"));
  assert.ok(rest.includes("registry.k8s.io/coredns/coredns:v1.99.0"));
});

test("an image that names its own tag or digest keeps it", () => {
  assert.equal(flannelImages("none"), undefined);
  const images = flannelImages({
    flannel: { version: "v0.27.0", image: "h:5000/f", pluginImage: "h:5000/p@sha256:1" },
  });
  assert.deepEqual(images, { flannel: "h:5000/f:v0.27.0", plugin: "h:5000/p@sha256:1" });
});

test("images are told apart as the container world does", () => {
  assert.deepEqual(splitImage("nginx"), { registry: "docker.io", repository: "library/nginx" });
  assert.deepEqual(splitImage("org/app:1"), { registry: "docker.io", repository: "org/app", tag: "1" });
  assert.deepEqual(splitImage("localhost/app"), { registry: "localhost", repository: "app" });
  assert.deepEqual(splitImage("h:5000/a/b:1@sha256:f"), {
    registry: "h:5000",
    repository: "a/b",
    tag: "1",
    digest: "sha256:f",
  });
  assert.equal(inRegistry("registry.k8s.io/coredns/coredns:v1", "h:5000"), "h:5000/coredns/coredns:v1");
});
