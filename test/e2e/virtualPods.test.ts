// What the virtual-kubelet library's own end-to-end suite asks of a node, with pods that a device can run: asked of a device by SSH and
// of a simulated node. Its two tests of figures go through the API server's proxy of nodes here.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { bringMetricsServer, metricsServer, metricsServerImage } from "../support/metricsServer";
import { eventually } from "../support/patience";
import { clusterOf, Program, type Spec, secret } from "../support/program";
import { deviceContainer, type SuitePlace, suitePod } from "../support/suite";
import { TestLab } from "../support/testLab";
import { Workstation } from "../support/workstation";
import { librarySuite } from "../tools/programs";
import { run } from "../tools/run";
import { nodeSuite } from "./nodeSuite";

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

  const place = (): SuitePlace => ({ kubectl, namespace, container: deviceContainer });

  for (const node of virtual) nodeSuite(node, place);

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
    for (const node of virtual) await kubectl.applyAs("suite", suitePod(node, place(), { name: `top-${node}` }));
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
