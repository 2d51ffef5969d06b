import { test } from "node:test";
import { type ContainerdPlan, containerdConfig } from "../../provider/kubeadm/containerd";
import { registryFiles } from "../../provider/kubeadm/registries";
import { golden, listing } from "./golden";

const registries = {
  "registry.k8s.io": {
    mirrors: ["https://mirror.example:5000", "https://harbor.example/v2/k8s-proxy", "http://10.0.0.5:5000"],
    username: "puller",
    password: 's3"cr\\et',
    ca: "-----BEGIN CERTIFICATE-----\nmirror\n-----END CERTIFICATE-----\n",
  },
  // Its own entry wins where it is another registry's mirror.
  "harbor.example": { username: "robot$k8s", password: "token", skipVerify: true },
  "docker.io": {},
  "private.example:8443": {
    clientCertificate: "-----BEGIN CERTIFICATE-----\nclient\n-----END CERTIFICATE-----",
    clientKey: "-----BEGIN PRIVATE KEY-----\nkey\n-----END PRIVATE KEY-----",
  },
};
const plan = { cgroupDriver: "systemd", sandboxImage: "registry.k8s.io/pause:3.10.1" } as const;

const variations: Record<string, ContainerdPlan> = {
  "containerd-1.6": { ...plan, version: "1.6.20~ds1", cgroupDriver: "cgroupfs" },
  "containerd-1.7-registries": {
    ...plan,
    version: "1.7.29",
    registries,
    config: {
      oom_score: -999,
      plugins: { "io.containerd.grpc.v1.cri": { restrict_oom_score_adj: true, sandbox_image: "example/pause:1" } },
    },
  },
  "containerd-2.0": { ...plan, version: "v2.0.7" },
  "containerd-2.1-registries": { ...plan, version: "2.1.6", registries },
  "containerd-2.2-registries": {
    ...plan,
    version: "2.2.0",
    registries,
    config: { plugins: { "io.containerd.cri.v1.runtime": { restrict_oom_score_adj: true } } },
  },
};

for (const [name, variation] of Object.entries(variations)) {
  test(`${name} is configured`, () => golden(name, containerdConfig(variation)));
}

test("registries, their mirrors, certificates and credentials", () => {
  golden("registries", listing(registryFiles(registries)));
});

test("a mirror of every registry", () => {
  golden("registries-default", listing(registryFiles({ _default: { mirrors: ["mirror.example"] } })));
});
