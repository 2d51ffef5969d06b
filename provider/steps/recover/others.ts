// Whether the other members of etcd are really gone: one that answers may be part of a quorum that lives.
import { connect } from "node:net";
import type { Host } from "../../host/host";
import { unpackedDirectory } from "./context";

const seconds = 3;
// openssl is there for kubeadm's own needs; a port that takes a connection is enough, whatever it says then.
const knock = `
for address in "$@"; do
  for port in 2379 2380; do
    (timeout ${seconds} openssl s_client -connect "$address:$port" </dev/null 2>/dev/null | grep -q '^CONNECTED' && echo "$address") &
  done
done
wait
`;

/** The addresses at which etcd answers: seen from the host, or from here, which may see what a cut-off host does not. */
export async function answering(host: Host, addresses: readonly string[]): Promise<Set<string>> {
  if (addresses.length === 0) return new Set();
  const bracketed = addresses.map((address) => (address.includes(":") ? `[${address}]` : address));
  const [{ stdout }, fromHere] = await Promise.all([
    host.sh(knock, bracketed, { timeoutMs: 30_000 }),
    Promise.all(addresses.map(async (address) => ((await takesConnection(address)) ? [address] : []))),
  ]);
  const fromHost = stdout.split("\n").map((line) => line.replace(/^\[|\]$/g, ""));
  return new Set([...fromHost.filter((line) => line !== ""), ...fromHere.flat()]);
}

// Everybody may ask /readyz; whoever shows another cluster's certificate is none of ours.
const askEndpoint = `
for dir in "" ${unpackedDirectory}; do
  ca=$dir/etc/kubernetes/pki/ca.crt
  if [ -e "$ca" ]; then break; fi
done
kubectl --kubeconfig /dev/null --server "https://$1" --certificate-authority "$ca" --request-timeout ${seconds}s \\
  --cache-dir /run/pulumi-kubeadm/kubectl get --raw /readyz >/dev/null 2>&1 && echo ready || :
`;

/** The API is ready at the cluster's endpoint: somebody serves it. */
export async function endpointAnswers(host: Host, endpoint: string): Promise<boolean> {
  const { stdout } = await host.sh(askEndpoint, [endpoint], { timeoutMs: 30_000 });
  return stdout.trim() === "ready";
}

function takesConnection(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: 2380, timeout: seconds * 1000 });
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => finish(true));
    socket.once("error", () => finish(false));
    socket.once("timeout", () => finish(false));
  });
}
