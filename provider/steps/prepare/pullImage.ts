// An image from its registry, by the runtime's own client: mirrors and authorities as in its certs.d, credentials by standard input.

import { splitImage } from "../../kubeadm/images";
import { certificatesDirectory, endpointCredentials, type Registries, registryFiles } from "../../kubeadm/registries";
import { deadline } from "../../kubeadm/spec";
import { UserError } from "../../lib/errors";
import type { PrepareContext } from "./context";

/**
 * The client takes a password from an argument, which every user of the host can read, or from a terminal: script(1)
 * gives it one. What the terminal echoes goes nowhere; the client's errors come back through a file. On standard input:
 * the password, then a hosts.toml that names nobody but those the password is for, as the client gives it to any that ask.
 */
const pullWithPassword = `
umask 077
mkdir -p /run/pulumi-kubeadm
own=$(mktemp -d /run/pulumi-kubeadm/pull.XXXXXX)
trap 'rm -rf "$own"' EXIT
mkdir "$own/$3"
read -r password
cat >"$own/$3/hosts.toml"
export image="$1" user="$2" own
if printf '%s\\n' "$password" | script --quiet --return --flush --command 'exec ctr --namespace k8s.io images pull --hosts-dir "$own" --user "$user" "$image" 2>"$own/errors"' /dev/null >/dev/null; then exit 0; fi
tail -n 3 "$own/errors" >&2
exit 1`;

export interface Access {
  username: string;
  password: string;
  /** hosts.toml without the registry itself behind its mirrors. */
  hosts: string;
}

/** undefined: nobody asks for a password, or several hosts want different ones and certs.d has to do. */
export function accessOf(registry: string, registries: Registries): Access | undefined {
  const settings = registries[registry];
  const file = registryFiles(registries).find(({ path }) => path === `${certificatesDirectory}/${registry}/hosts.toml`);
  if (settings === undefined || file === undefined) return undefined;
  const mirrors = (settings.mirrors ?? []).map((mirror) => (mirror.includes("://") ? mirror : `https://${mirror}`));
  const asked =
    mirrors.length === 0
      ? [registry === "docker.io" ? "registry-1.docker.io" : registry]
      : mirrors.map((mirror) => new URL(mirror).host);
  const credentials = endpointCredentials(registries).filter(({ host }) => asked.includes(host));
  const [first] = credentials;
  const same = credentials.every(
    ({ username, password }) => username === first?.username && password === first.password,
  );
  if (first === undefined || !same || credentials.length < new Set(asked).size) return undefined;
  const [mirror] = mirrors;
  const hosts =
    mirror === undefined ? file.content : file.content.replace(/^server = .*$/m, `server = ${JSON.stringify(mirror)}`);
  return { username: first.username, password: first.password, hosts };
}

export async function pullImage({ host, inputs }: PrepareContext, ref: string): Promise<void> {
  const timeoutMs = deadline(inputs.timeouts, "images");
  const { registry } = splitImage(ref);
  const access = accessOf(registry, inputs.containerd?.registries ?? {});
  try {
    if (access === undefined) {
      await host.run(["ctr", "--namespace", "k8s.io", "images", "pull", "--hosts-dir", certificatesDirectory, ref], {
        timeoutMs,
      });
    } else {
      await host.sh(pullWithPassword, [ref, access.username, registry], {
        stdin: `${access.password}\n${access.hosts}`,
        timeoutMs,
      });
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
