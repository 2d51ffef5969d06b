// How the machine of a node agent is, in one round trip: what it is, what of the agent lies there, and which ports are taken.
import type { Host } from "../../host/host";
import type { Architecture } from "../../host/os/os";
import { agentDirectory, agentPaths, agentPrograms, criSocket } from "../../kubeadm/virtualKubelet/names";
import type { VirtualPlan } from "./context";

export interface AgentSurvey {
  architecture: Architecture | undefined;
  /** As `uname -m` says. */
  machine: string;
  systemd: boolean;
  controlPlane: boolean;
  /** One runs there, or was set up to. */
  kubelet: boolean;
  /** The socket of a container runtime is there, where the agent needs one. */
  runtime: boolean;
  /** The cluster whose agent of this name lies there. */
  owner: string | undefined;
  /** Of the agent that lies there. */
  port: number | undefined;
  healthPort: number | undefined;
  /** Listened at, or another agent's. */
  taken: ReadonlySet<number>;
  enabled: boolean;
  active: boolean;
  /** What it reads was changed, and it was not started since. */
  restart: boolean;
  /** sha256 by path: the agent's files but its keys, its unit and all programs. */
  files: ReadonlyMap<string, string>;
  /** PEM by the directory of a node's keys, without the key. */
  certificates: ReadonlyMap<string, string>;
}

export const surveyScript = `
export PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
there() { if [ -e "$2" ]; then echo "$1=yes"; fi; }
echo "machine=$(uname -m)"
there systemd /run/systemd/system
there controlPlane /etc/kubernetes/manifests/kube-apiserver.yaml
there kubelet /etc/kubernetes/kubelet.conf
if systemctl is-active --quiet kubelet 2>/dev/null; then echo kubelet=yes; fi
if [ -S "$4" ]; then echo runtime=yes; fi
there restart "$1/restart"
if [ -e "$1/owner" ]; then echo "owner=$(cat "$1/owner")"; fi
sed -n 's/^\\(port\\|healthPort\\): */\\1=/p' "$1/node.yaml" 2>/dev/null || true
awk '$4 == "0A" { print "listens=" $2 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null || true
for other in ${agentDirectory}/*/node.yaml; do
  [ "$other" = "$1/node.yaml" ] || sed -n 's/^\\(port\\|healthPort\\): */other=/p' "$other" 2>/dev/null || true
done
if systemctl is-enabled --quiet "$2" 2>/dev/null; then echo enabled=yes; fi
if systemctl is-active --quiet "$2" 2>/dev/null; then echo active=yes; fi
files() {
  if [ -d "$1" ]; then find "$1" -path "$1/pki" -prune -o -type f -print; fi
  for path in "$2" ${agentPrograms}*; do if [ -f "$path" ]; then echo "$path"; fi; done
}
files "$1" "$3" | while IFS= read -r path; do echo "file=$(sha256sum "$path")"; done
if [ -d "$1/pki" ]; then
  find "$1/pki" -name kubelet-client-current.pem | while IFS= read -r path; do
    echo "certificate=\${path%/*}"
    sed -n '/BEGIN CERTIFICATE/,/END CERTIFICATE/p' "$path"
  done
fi
`;

export async function surveyAgent(host: Host, { name, provider }: Pick<VirtualPlan, "name" | "provider">) {
  const { directory, unitName, unit } = agentPaths(name);
  const socket = provider.cri ? criSocket(provider.cri) : "";
  return parseAgentSurvey((await host.sh(surveyScript, [directory, unitName, unit, socket])).stdout);
}

const architectures: Readonly<Record<string, Architecture>> = {
  x86_64: "amd64",
  amd64: "amd64",
  aarch64: "arm64",
  arm64: "arm64",
};

export function parseAgentSurvey(text: string): AgentSurvey {
  const lines = text.split("\n");
  const all = (key: string) =>
    lines.flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));
  const first = (key: string) => all(key)[0]?.trim();
  const port = (key: string) => (first(key) === undefined ? undefined : Number(first(key)));
  const machine = first("machine") ?? "";
  const own = [port("port"), port("healthPort")];
  // What listens at our own ports is our own agent.
  const listening = all("listens").map((at) => Number.parseInt(at.split(":")[1] ?? "", 16));
  const others = all("other").map(Number);
  return {
    architecture: architectures[machine],
    machine,
    systemd: first("systemd") === "yes",
    controlPlane: first("controlPlane") === "yes",
    kubelet: first("kubelet") === "yes",
    runtime: first("runtime") === "yes",
    owner: first("owner"),
    port: port("port"),
    healthPort: port("healthPort"),
    taken: new Set([...listening.filter((at) => !own.includes(at)), ...others]),
    enabled: first("enabled") === "yes",
    active: first("active") === "yes",
    restart: first("restart") === "yes",
    files: new Map(
      all("file").map((line) => {
        const at = line.indexOf("  ");
        return [line.slice(at + 2), line.slice(0, at)];
      }),
    ),
    certificates: certificatesIn(lines),
  };
}

/** The first of each file: what follows it is its issuer's. */
function certificatesIn(lines: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  let directory = "";
  let pem: string[] = [];
  for (const line of lines) {
    if (line.startsWith("certificate=")) {
      directory = line.slice("certificate=".length);
      pem = [];
    } else if (directory !== "" && !found.has(directory)) {
      pem.push(line);
      if (line.startsWith("-----END")) found.set(directory, `${pem.join("\n")}\n`);
    }
  }
  return found;
}
