// Lets a prepared host join: token and certificates made for this one join, the cluster's CA pinned by a discovery file.
import type { Host } from "../../host/host";
import { deadline } from "../../kubeadm/spec";
import { UserError } from "../../lib/errors";
import { rememberSecret } from "../../lib/redact";
import type { Step } from "../step";
import { finallyDo, withBootstrapToken } from "./bootstrapToken";
import { type JoinContext, type NodePlan, runDirectory } from "./context";
import { discoveryDocument, joinDocuments, phaseDocuments } from "./documents";
import { runKubeadm } from "./runKubeadm";
import { withUploadedCertificates } from "./uploadedCertificates";

const discoveryPath = `${runDirectory}/discovery.conf`;
const configPath = `${runDirectory}/join.yaml`;

export const joinCluster: Step<JoinContext> = {
  title: "kubeadm join",
  run: async (context) => {
    const { plan, peer, progress } = context;
    const ca = await clusterCa(peer.host);
    await withBootstrapToken(peer, plan.name, progress, async (token) => {
      rememberSecret(token);
      if (plan.role === "worker") return join(context, ca, token);
      const upload = (certificateKey: string) => phaseDocuments(asPeer(context), { certificateKey });
      return withUploadedCertificates(peer, plan.name, upload, progress, (key) => join(context, ca, token, key));
    });
  },
};

/** The phase runs on the peer, and kubeadm 1.33 asks the API server of the address that its document advertises. */
function asPeer({ plan, peer }: JoinContext): NodePlan {
  const target = plan.reach[peer.name];
  return target === undefined ? plan : { ...plan, name: peer.name, target };
}

async function join({ host, plan, progress }: JoinContext, ca: string, token: string, key?: string): Promise<void> {
  const work = async () => {
    await host.writeFile(discoveryPath, discoveryDocument(plan.endpoint, ca, token), 0o600);
    await host.writeFile(configPath, joinDocuments(plan, discoveryPath, key), 0o600);
    await runKubeadm(host, ["join", "--config", configPath], { timeoutMs: deadline(plan.timeouts, "join"), progress });
  };
  // A token that is left on the host is one that somebody finds.
  const cleanUp = () => host.run(["rm", "-f", configPath, discoveryPath, "/etc/kubernetes/bootstrap-kubelet.conf"]);
  await finallyDo(work, cleanUp, (error) =>
    progress.warn(`${host.label}: the join's configuration could not be deleted: ${error}`),
  );
}

export async function clusterCa(host: Host): Promise<string> {
  const path = "/etc/kubernetes/pki/ca.crt";
  const pem = (await host.readFile(path))?.toString("utf8");
  if (!pem) throw new UserError(`${host.label}: ${path} is missing`, "restore it from another control plane");
  return pem;
}
