// One agent that is 500 nodes, with 5,000 pods made by a client: all of them come, and all of them go.
import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import { agentFigures, nodeRequests } from "../support/agentFigures";
import { ApiClient } from "../support/apiClient";
import { eventually } from "../support/patience";
import { clusterOf, Program, type Spec } from "../support/program";
import { TestLab } from "../support/testLab";
import { isReady, Workstation } from "../support/workstation";

const nodes = 500;
const podsPerNode = 10;
const pods = nodes * podsPerNode;
const indices = Array.from({ length: pods }, (_, index) => index);
const namespace = "crowd";
const path = `/api/v1/namespaces/${namespace}/pods`;
const minutes = 60_000;
const skip = process.env["TEST_ALL"] ? false : "500 nodes are for `make test-all` alone (TEST_ALL=1)";

function pod(index: number): object {
  const container = { name: "main", image: "simulated:1" };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `pod-${index}` },
    spec: { nodeName: `crowd-${index % nodes}`, terminationGracePeriodSeconds: 1, containers: [container] },
  };
}

describe("many virtual nodes", { skip }, () => {
  let lab: TestLab;
  let program: Program;
  let kubectl: Workstation;
  let api: ApiClient;
  let spec: Spec;

  before(async () => {
    lab = await TestLab.open("e2e-virtual-scale");
    await lab.up(["cp1", "w1"]);
    program = await Program.create();
    // Each node takes a part of it, as big as for 254 pods.
    const network = { podCidr: "10.128.0.0/14" };
    spec = {
      clusters: { scale: await clusterOf(lab, { controlPlanes: ["cp1"], workers: ["w1"] }, { network }) },
    };
    await program.describe(spec, { sshKey: lab.privateKey() });
    await up();
    const kubeconfig = await program.kubeconfig("scale");
    kubectl = await Workstation.create(kubeconfig);
    api = new ApiClient(kubeconfig);
  });

  after(async () => {
    await api?.close();
    program?.close();
    await lab?.close();
  });

  async function up(): Promise<void> {
    const { code, output } = await program.stack.up();
    assert.equal(code, 0, output);
  }

  const running = () => api.count(`${path}?fieldSelector=status.phase=Running`);

  /** How long something takes, and what it costs. */
  async function told(context: TestContext, what: string, work: () => Promise<void>): Promise<void> {
    const [start, before] = [Date.now(), await nodeRequests(kubectl)];
    await work();
    const seconds = Math.round((Date.now() - start) / 1000);
    const requests = (await nodeRequests(kubectl)) - before;
    context.diagnostic(`${what}: ${seconds} s, ${requests} requests to the API by nodes`);
  }

  async function agent(context: TestContext, when: string): Promise<void> {
    const { mib, seconds } = await agentFigures(lab, "w1", "crowd");
    context.diagnostic(`the agent ${when}: ${mib} MiB, ${seconds} s of processor time so far`);
  }

  it("become Ready by one up", async (context) => {
    const crowd = { cluster: "scale", runsOn: "w1", provider: { simulated: { nodes } } };
    await program.describe({ ...spec, virtualKubeletNodes: { crowd } });
    await told(context, `${nodes} nodes`, up);
    const found = Object.values(await kubectl.nodes());
    assert.equal(found.length, nodes + 2);
    assert.deepEqual(
      found.filter((node) => !isReady(node)).map(({ metadata }) => metadata.name),
      [],
    );
    for (const { metadata } of found.filter(({ metadata }) => metadata.name.startsWith("crowd-")))
      assert.equal(metadata.labels["kubernetes.io/role"], "agent");
    await agent(context, "without pods");
  });

  it("run all pods that a client makes", async (context) => {
    await kubectl.run("create", "namespace", namespace);
    await eventually("the service account", () => kubectl.get("serviceaccount", "default", "-n", namespace));
    await told(context, `${pods} pods Running`, async () => {
      await Promise.all(indices.map((index) => api.send("POST", path, pod(index))));
      await eventually("every pod Running", async () => (await running()) === pods, 20 * minutes);
    });
    await agent(context, `with ${pods} pods`);
    assert.ok(Object.values(await kubectl.nodes()).every(isReady), "some node is not Ready any more");
  });

  it("are at rest with their pods", async (context) => {
    // A minute holds some of everything that is done again and again.
    await told(context, "a minute at rest", () => new Promise((resolve) => setTimeout(resolve, minutes)));
    await agent(context, "after it");
    assert.equal(await running(), pods);
  });

  it("keep every pod over a restart of the agent", async (context) => {
    await told(context, "restarted", async () => {
      await lab.sh("w1", "systemctl kill --signal KILL pulumi-virtual-kubelet@crowd");
      const killed = Date.now();
      await eventually(
        "every lease renewed",
        async () => {
          const { items } = await kubectl.get("leases", "-n", "kube-node-lease");
          return items.every(({ spec }: { spec: { renewTime: string } }) => Date.parse(spec.renewTime) > killed);
        },
        5 * minutes,
      );
    });
    assert.equal(await running(), pods);
    const { items } = JSON.parse(await api.send("GET", path));
    const restarts = items.filter(
      (one: { status: { containerStatuses: [{ restartCount: number }] } }) =>
        one.status.containerStatuses[0].restartCount > 0,
    );
    assert.equal(restarts.length, 0);
  });

  it("end all pods, and leave with everything of theirs", async (context) => {
    await told(context, `${pods} pods deleted`, async () => {
      await Promise.all(indices.map((index) => api.send("DELETE", `${path}/pod-${index}`)));
      await eventually("no pod left", async () => (await api.count(path)) === 0, 20 * minutes);
    });
    await program.describe(spec);
    await told(context, `${nodes} nodes taken out`, up);
    assert.deepEqual(Object.keys(await kubectl.nodes()).sort(), ["cp1", "w1"]);
    const leases = await kubectl.get("leases", "-n", "kube-node-lease");
    assert.equal(leases.items.length, 2);
    assert.equal(
      await lab.sh("w1", "find /etc/pulumi-kubeadm /var/lib/pulumi-virtual-kubelet -name 'crowd*' 2>/dev/null || true"),
      "",
    );
  });
});
