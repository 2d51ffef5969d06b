// etcd's programs out of the image that the host has anyway: with etcd stopped there is no pod to run them in.
import type { Host } from "../../host/host";
import { RefusedError } from "../../lib/errors";
import { programsDirectory } from "./context";

const programs = ["etcd", "etcdctl", "etcdutl"] as const;
const mount = "/run/pulumi-kubeadm/etcd-image";

// Taken out and unmounted at once: they are static, and nothing stays mounted when the run is killed later.
const takeOut = `
image=$1 into=$2
ready=1
for program in ${programs.join(" ")}; do [ -x "$into/$program" ] || ready=; done
[ -z "$ready" ] || exit 0
ctr --namespace k8s.io images ls -q | grep -qxF "$image" || { echo "the host has no image $image" >&2; exit 3; }
leave() { ctr --namespace k8s.io images unmount --rm ${mount} >/dev/null 2>&1 || :; rm -rf ${mount}; }
mkdir -p -m 700 "$into" "$(dirname ${mount})"
if mountpoint -q ${mount}; then leave; fi
mkdir -p ${mount}
trap leave EXIT
ctr --namespace k8s.io images mount "$image" ${mount} >/dev/null
for program in ${programs.join(" ")}; do
  found=
  for dir in usr/local/bin usr/bin bin; do if [ -x ${mount}/$dir/$program ]; then found=${mount}/$dir/$program; break; fi; done
  [ -n "$found" ] || { echo "the image $image has no $program" >&2; exit 3; }
  cp "$found" "$into/.$program"
  mv "$into/.$program" "$into/$program"
done
`;

export async function takeEtcdPrograms(host: Host, image: string): Promise<void> {
  const { code, stderr } = await host.sh(takeOut, [image, programsDirectory], { ok: [0, 3], timeoutMs: 120_000 });
  if (code === 0) return;
  throw new RefusedError(
    `${host.label}: ${stderr.trim()}`,
    "let the program prepare this host first (`KUBEADM_RECOVER=prepare pulumi up` brings the images and then stops), then run again",
  );
}
