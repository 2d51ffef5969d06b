// An image from its registry, by the runtime's own client: mirrors and authorities as in its certs.d, credentials by standard input.
import { UserError } from "../../lib/errors";
import { splitImage } from "../../kubeadm/images";
import { deadline } from "../../kubeadm/spec";
import type { PrepareContext } from "./context";

const hostsDirectory = "/etc/containerd/certs.d";

/**
 * The client takes a password from an argument, which every user of the host can read, or from a terminal: script(1)
 * gives it one. What the terminal echoes goes nowhere; the client's errors come back through a file.
 */
const pullWithPassword = `
umask 077
mkdir -p /run/pulumi-kubeadm
errors=$(mktemp /run/pulumi-kubeadm/pull.XXXXXX)
trap 'rm -f "$errors"' EXIT
export image="$1" user="$2" errors
if script --quiet --return --flush --command 'exec ctr --namespace k8s.io images pull --hosts-dir ${hostsDirectory} --user "$user" "$image" 2>"$errors"' /dev/null >/dev/null; then exit 0; fi
tail -n 3 "$errors" >&2
exit 1`;

export async function pullImage({ host, inputs }: PrepareContext, ref: string): Promise<void> {
  const timeoutMs = deadline(inputs.timeouts, "images");
  const { registry } = splitImage(ref);
  const access = inputs.containerd?.registries?.[registry];
  const withoutMirror = access?.mirrors === undefined || access.mirrors.length === 0;
  try {
    // Its own host has to be the only one that is asked: the client gives the password to whoever wants one.
    if (access?.username !== undefined && access.password !== undefined && withoutMirror) {
      await host.sh(pullWithPassword, [ref, access.username], { stdin: `${access.password}\n`, timeoutMs });
    } else {
      await host.run(["ctr", "--namespace", "k8s.io", "images", "pull", "--hosts-dir", hostsDirectory, ref], { timeoutMs });
    }
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(
      `cannot pull ${ref}: ${text}`,
      `see whether the host reaches ${registry}; containerd.registries names mirrors, credentials and authorities, a bundle needs no registry`,
      { cause },
    );
  }
}
