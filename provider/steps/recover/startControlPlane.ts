// The static pods are given back: etcd first, as the only member, then what depends on it.

import { aloneInManifest } from "../../kubeadm/etcdManifest";
import { manifestDirectory } from "../kubeadm/staticPodManifest";
import type { Step } from "../step";
import type { RecoverContext } from "./context";
import { asideManifests, pods } from "./stopControlPlane";

const giveBack = `
for pod in ${pods.join(" ")}; do
  if [ -e ${asideManifests}/$pod.yaml ]; then mv ${asideManifests}/$pod.yaml ${manifestDirectory}/; fi
done
`;

export const startControlPlane: Step<RecoverContext> = {
  title: "start the control plane",
  when: ({ plan }) => plan.rebuild === undefined,
  run: async ({ host }) => {
    const path = `${asideManifests}/etcd.yaml`;
    const text = (await host.readFile(path))?.toString("utf8");
    if (text !== undefined) await host.writeFile(path, aloneInManifest(text), 0o600);
    await host.sh(giveBack);
  },
};
