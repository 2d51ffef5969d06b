import { test } from "node:test";
import { toYaml } from "../../provider/kubeadm/configuration";
import { type FlannelPlan, flannelManifests } from "../../provider/kubeadm/flannel";
import { golden } from "./golden";

const cni = { flannel: {} };
const own = {
  version: "0.27.0",
  backend: "host-gw",
  image: "10.0.0.5:5000/flannel",
  pluginImage: "10.0.0.5:5000/cni:v1",
};

const variations: Record<string, FlannelPlan> = {
  flannel: { podCidr: "10.244.0.0/16", cni },
  "flannel-own-images": {
    podCidr: "10.244.0.0/16",
    cni: { flannel: { ...own, backend: "host-gw" } },
    apiEndpoint: "10.0.0.10:6443",
  },
  "flannel-dual-stack-ipv6-first": {
    podCidr: "fd00:10:244::/56,10.244.0.0/16",
    cni,
    apiEndpoint: "[fd00::10]:6443",
  },
  "flannel-ipv6": { podCidr: "fd00:10:244::/56", cni },
};

for (const [name, plan] of Object.entries(variations)) {
  test(`${name} is a set of manifests`, () => golden(name, toYaml(flannelManifests(plan))));
}
