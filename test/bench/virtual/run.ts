// A hundred pods at once: on a device by SSH and on a simulated node, against a real kubelet of the same cluster; and what agents hold.
import { setTimeout as sleep } from "node:timers/promises";
import { agentFigures } from "../../support/agentFigures";
import { ApiClient } from "../../support/apiClient";
import { eventually } from "../../support/patience";
import { type Args, clusterOf, Program, type Spec, secret } from "../../support/program";
import { TestLab } from "../../support/testLab";
import { Workstation } from "../../support/workstation";
import { imageRefs } from "../../tools/images";
import { say } from "../../tools/run";
import { versions } from "../../tools/versions";
import { oneMinute, round } from "../measure";

const pods = 100;
const namespace = "bench";
const kubelet = "w1";
const places = { ssh: "device", simulated: "crowd" } as const;
type Place = "kubelet" | keyof typeof places;

export interface VirtualResult {
  /** From `kubectl create` to the last pod Running, in seconds. */
  seconds: Record<Place, number>;
  /** Resident, of the agent of the device and of the simulated node. */
  idleMiB: Record<keyof typeof places, number>;
  busyMiB: Record<keyof typeof places, number>;
  load: number;
}

export async function virtual(): Promise<VirtualResult> {
  const lab = await TestLab.open("bench");
  let program: Program | undefined;
  try {
    await lab.up(["cp1", kubelet, "w2"]);
    await lab.up(["press"], { user: "plc", device: true });
    program = await Program.create();
    await program.describe(await specOf(lab), { sshKey: lab.privateKey() });
    const { code, output } = await program.stack.up();
    if (code !== 0) throw new Error(`virtual: pulumi up ended with ${code}:\n${output.slice(-6000)}`);
    return await measure(lab, await program.kubeconfig("bench"));
  } finally {
    program?.close();
    await lab.close();
  }
}

/** The agents run beside the measured kubelet's machine, not on it. */
async function specOf(lab: TestLab): Promise<Spec> {
  const connection = { host: lab.host("press").address, user: "plc", privateKey: secret("sshKey") };
  const node = (provider: Args): Args & { cluster: string } => ({
    cluster: "bench",
    runsOn: "w2",
    provider,
    capacity: { cpu: "4", memory: "2Gi", pods: 110 },
  });
  return {
    clusters: { bench: await clusterOf(lab, { controlPlanes: ["cp1"], workers: [kubelet, "w2"] }) },
    virtualKubeletNodes: { [places.ssh]: node({ ssh: { connection } }), [places.simulated]: node({ simulated: {} }) },
  };
}

async function measure(lab: TestLab, kubeconfig: string): Promise<VirtualResult> {
  const kubectl = await Workstation.create(kubeconfig);
  const api = new ApiClient(kubeconfig);
  const load = oneMinute();
  const memory = async () => ({
    ssh: (await agentFigures(lab, "w2", places.ssh)).mib,
    simulated: (await agentFigures(lab, "w2", places.simulated)).mib,
  });
  try {
    await kubectl.run("create", "namespace", namespace);
    await eventually("the service account", () => kubectl.get("serviceaccount", "default", "-n", namespace));
    // An agent gives back what only its start needed after 20 seconds.
    await sleep(30_000);
    const idleMiB = await memory();
    const seconds = { kubelet: 0, ssh: 0, simulated: 0 };
    const busyMiB = { ssh: 0, simulated: 0 };
    for (const place of ["kubelet", "ssh", "simulated"] as const) {
      seconds[place] = await timed(kubectl, api, place);
      if (place !== "kubelet") busyMiB[place] = (await memory())[place];
      await kubectl.run("delete", "pods", "--all", "-n", namespace);
    }
    return { seconds, idleMiB, busyMiB, load };
  } finally {
    await api.close();
  }
}

async function timed(kubectl: Workstation, api: ApiClient, place: Place): Promise<number> {
  const list = { apiVersion: "v1", kind: "List", items: Array.from({ length: pods }, (_, index) => pod(place, index)) };
  const running = `/api/v1/namespaces/${namespace}/pods?fieldSelector=status.phase=Running`;
  const start = performance.now();
  await kubectl.createAll(list);
  await eventually(`${pods} pods Running on ${place}`, async () => (await api.count(running)) === pods, 600_000);
  const seconds = round((performance.now() - start) / 1000);
  say(`${pods} pods on ${place}: ${seconds} s`);
  return seconds;
}

/** A kubelet's pod is the smallest there is, an image that every worker has. */
function pod(place: Place, index: number): Args {
  const image = imageRefs(versions.kubernetes.default).pause;
  const container = { name: "main", image, ...(place === "kubelet" ? {} : { command: ["sleep", "86400"] }) };
  const spec = {
    nodeName: place === "kubelet" ? kubelet : places[place],
    terminationGracePeriodSeconds: 1,
    containers: [container],
  };
  return { apiVersion: "v1", kind: "Pod", metadata: { name: `pod-${index}`, namespace }, spec };
}
