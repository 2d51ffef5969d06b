// What makes a machine a control plane of this cluster and no other: its authorities, its keys, and the files its API server reads.
// Certificates of the host that the backup was taken on stay out: kubeadm issues this host's own.
import { journalLibrary } from "../../host/journalScript";
import type { Step } from "../step";
import { type RecoverContext, unpackedDirectory } from "./context";

const issued =
  "apiserver apiserver-etcd-client apiserver-kubelet-client front-proxy-client etcd/server etcd/peer etcd/healthcheck-client";

// Files beside the PKI are put down in the journal, like the program's own: they go when the node goes.
const place = `${journalLibrary}
cd ${unpackedDirectory}
for leaf in ${issued}; do rm -f etc/kubernetes/pki/$leaf.crt etc/kubernetes/pki/$leaf.key; done
mkdir -p /etc/kubernetes/pki
cp -a etc/kubernetes/pki/. /etc/kubernetes/pki/
find . -mindepth 2 -type f ! -path './etc/kubernetes/pki/*' ! -path './etc/kubernetes/manifests/*' | sed 's|^\\./||' |
  while read -r file; do
    if cmp -s "$file" "/$file"; then continue; fi
    keep "/$file"
    cp -a "$file" "/$file.recovered"
    mv -f "/$file.recovered" "/$file"
  done
`;

export const placeIdentity: Step<RecoverContext> = {
  title: "place the cluster's identity",
  when: ({ plan }) => plan.rebuild !== undefined,
  run: async ({ host }) => {
    await host.sh(place);
  },
};
