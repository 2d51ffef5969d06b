// What the virtual-kubelet library's own end-to-end suite asks of a node, with pods that a device can run: asked of a device by SSH and
// of a simulated node. Its two tests of figures go through the API server's proxy of nodes here.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { devicePod, type PodWish } from "../support/devicePods";
import { bringMetricsServer, metricsServer, metricsServerImage } from "../support/metricsServer";
import { NodeApi } from "../support/nodeApi";
import { eventually } from "../support/patience";
import { clusterOf, Program, type Spec, secret } from "../support/program";
import { TestLab } from "../support/testLab";
import { type Loose, Workstation } from "../support/workstation";
import { librarySuite } from "../tools/programs";
import { run } from "../tools/run";

const namespace = "suite";
const device = "device-1";
const simulated = "crowd";
const virtual = [device, simulated];
/** Their programs take minutes to be built. */
const skip = process.env["TEST_ALL"] ? false : "its program is built for `make test-all` alone (TEST_ALL=1)";

describe("pods of virtual nodes", () => {
  let lab: TestLab;
  let program: Program;
  let kubectl: Workstation;
  let spec: Spec;

  before(async () => {
    lab = await TestLab.open("e2e-virtual-pods");
    await lab.up(["cp1", "w1"]);
    await lab.up(["press"], { user: "plc", device: true });
    program = await Program.create();
    const connection = { host: lab.host("press").address, user: "plc", privateKey: secret("sshKey") };
    const nodes = {
      [device]: {
        cluster: "pods",
        runsOn: "w1",
        provider: { ssh: { connection } },
        capacity: { cpu: "4", memory: "2Gi" },
      },
      [simulated]: { cluster: "pods", runsOn: "w1", provider: { simulated: { cpuMilli: 50, memoryBytes: 8 << 20 } } },
    };
    const cluster = await clusterOf(lab, { controlPlanes: ["cp1"], workers: ["w1"] });
    spec = { clusters: { pods: cluster }, virtualKubeletNodes: nodes };
    await program.describe(spec, { sshKey: lab.privateKey() });
    await up();
    kubectl = await Workstation.create(await program.kubeconfig("pods"));
    await kubectl.run("create", "namespace", namespace);
    await eventually("the namespace's service account", () =>
      kubectl.get("serviceaccount", "default", "-n", namespace),
    );
  });

  after(async () => {
    program?.close();
    await lab?.close();
  });

  async function up(): Promise<void> {
    const { code, output } = await program.stack.up();
    assert.equal(code, 0, output);
  }

  const podOf = (name: string): Promise<Loose> => kubectl.get("pod", name, "-n", namespace);

  async function create(wish: Omit<PodWish, "namespace">): Promise<Loose> {
    await kubectl.applyAs("suite", devicePod({ ...wish, namespace }));
    return podOf(wish.name);
  }

  /** Running, Ready, and with an address. */
  async function ready(name: string): Promise<void> {
    await eventually(`${name} Ready`, async () => {
      const { status } = await podOf(name);
      const condition = status.conditions?.find(({ type }: Loose) => type === "Ready");
      return status.phase === "Running" && condition?.status === "True" && status.podIP;
    });
  }

  async function event(pod: Loose, reason: string): Promise<void> {
    const selector = `involvedObject.uid=${pod.metadata.uid},reason=${reason}`;
    await eventually(`${reason} of ${pod.metadata.name}`, async () => {
      const { items } = await kubectl.get("events", "-n", namespace, "--field-selector", selector);
      return items.length > 0;
    });
  }

  async function remove(...flags: string[]): Promise<void> {
    await kubectl.run("delete", "pod", "-n", namespace, ...flags);
  }

  for (const node of virtual) {
    const named = (name: string): string => `${name}-${node}`;
    const reference = (kind: "secretKeyRef" | "configMapKeyRef", optional: boolean) => [
      { name: "ABSENT", valueFrom: { [kind]: { name: "absent", key: "none", optional } } },
    ];

    it(`${node} lists its own pods and no others`, async () => {
      const pod = await create({ name: named("listed"), node });
      await ready(named("listed"));
      assert.ok((await new NodeApi(kubectl, node).pods()).includes(pod.metadata.uid));
      await remove(named("listed"), "--force");
    });

    it(`${node} tells what a pod and each of its containers uses`, async () => {
      const api = new NodeApi(kubectl, node);
      const containers = ["foo", "bar", "baz"];
      const { metadata } = await create({ name: named("figures"), node, containers });
      await ready(named("figures"));
      const summary = await api.summary();
      assert.equal(summary.node.nodeName, node);
      const found = summary.pods.find(({ podRef }: Loose) => podRef.uid === metadata.uid);
      assert.deepEqual(found.containers.map(({ name }: Loose) => name).sort(), [...containers].sort());
      const ofPod = (labels: Record<string, string>) => labels.namespace === namespace && labels.pod === metadata.name;
      assert.equal((await api.resourceLabels("pod_cpu_usage_seconds_total")).filter(ofPod).length, 1);
      const counted = (await api.resourceLabels("container_cpu_usage_seconds_total")).filter(ofPod);
      assert.deepEqual(counted.map(({ container }) => container).sort(), [...containers].sort());
      await remove(named("figures"), "--force");
    });

    it(`${node} ends a deleted pod with its grace`, async () => {
      const api = new NodeApi(kubectl, node);
      const { metadata } = await create({ name: named("graceful"), node });
      await ready(named("graceful"));
      assert.ok((await api.runningPods()).includes(metadata.uid));
      await remove(named("graceful"), "--wait=false");
      const ending = await podOf(named("graceful"));
      assert.ok(ending.metadata.deletionGracePeriodSeconds > 0);
      await gone(named("graceful"));
      assert.ok(!(await api.runningPods()).includes(metadata.uid));
    });

    it(`${node} ends a pod that is deleted by force`, async () => {
      const api = new NodeApi(kubectl, node);
      const { metadata } = await create({ name: named("forced"), node });
      await ready(named("forced"));
      await remove(named("forced"), "--force");
      await eventually("its end", async () => !(await api.runningPods()).includes(metadata.uid));
      await gone(named("forced"));
    });

    for (const [what, kind] of [
      ["Secret", "secretKeyRef"],
      ["ConfigMap", "configMapKeyRef"],
    ] as const) {
      it(`${node} runs a pod whose optional ${what} is not there, and says so`, async () => {
        const name = named(`optional-${what.toLowerCase()}`);
        const pod = await create({ name, node, env: reference(kind, true) });
        await ready(name);
        await event(pod, `Optional${what}NotFound`);
        assert.ok((await new NodeApi(kubectl, node).runningPods()).includes(pod.metadata.uid));
        await remove(name, "--force");
      });

      it(`${node} does not run a pod whose ${what} is not there`, async () => {
        const name = named(`mandatory-${what.toLowerCase()}`);
        const pod = await create({ name, node, env: reference(kind, false) });
        await event(pod, `Mandatory${what}NotFound`);
        assert.ok(!(await new NodeApi(kubectl, node).runningPods()).includes(pod.metadata.uid));
        const [{ state }] = (await podOf(name)).status.containerStatuses;
        assert.equal(state.waiting.reason, "CreateContainerConfigError");
        await remove(name, "--force");
      });
    }
  }

  async function gone(name: string): Promise<void> {
    await eventually(`${name} gone`, async () => {
      const { items } = await kubectl.get("pods", "-n", namespace);
      return !items.some(({ metadata }: Loose) => metadata.name === name);
    });
  }

  it("pass the library's own suite where they are simulated", { skip }, async (context) => {
    const named = [`-kubeconfig=${kubectl.file}`, `-namespace=${namespace}`, `-nodename=${simulated}`];
    const { stdout } = await run([await librarySuite(), "-test.v", ...named]);
    const results = [...stdout.matchAll(/^ {4}--- (PASS|SKIP): TestLibrary\/(\w+)/gm)];
    for (const [, result, name] of results) context.diagnostic(`${result} ${name}`);
    const skipped = results.filter(([, result]) => result === "SKIP").map(([, , name]) => name);
    assert.deepEqual(skipped.sort(), ["TestGetMetricsResource", "TestGetStatsSummary"]);
    assert.equal(results.length, 9);
  });

  it("have figures in kubectl top, by metrics-server as an Addon", { skip }, async () => {
    for (const node of virtual) await create({ name: `top-${node}`, node });
    await bringMetricsServer(lab, "w1");
    spec.addons = { metrics: { cluster: "pods", manifests: metricsServer() } };
    await program.describe(spec);
    await up();
    for (const node of virtual) {
      const pod = await eventually(`top of the pod on ${node}`, () =>
        kubectl.run("top", "pod", "-n", namespace, `top-${node}`),
      );
      assert.match(pod, new RegExp(`top-${node} +\\d+m +\\d+Mi`));
      const own = await eventually(`top of ${node}`, async () => {
        const text = await kubectl.run("top", "node", node);
        return !text.includes("<unknown>") && text;
      });
      assert.match(own, new RegExp(`${node} +\\d+m +\\d+% +\\d+Mi +\\d+%`));
    }
    const kubelet = await kubectl.run("top", "node", "w1");
    assert.match(kubelet, /w1 +\d+m/);
    assert.match(
      await kubectl.run("get", "deployment", "-n", "kube-system", "metrics-server", "-o", "wide"),
      new RegExp(metricsServerImage),
    );
  });
});
