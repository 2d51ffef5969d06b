import assert from "node:assert/strict";
import { test } from "node:test";
import { Kubectl } from "../../../provider/host/kubectl";
import { realNodes } from "../../../provider/kubeadm/virtualKubelet/affinity";
import { agentPaths, agentProgram } from "../../../provider/kubeadm/virtualKubelet/names";
import { sha256 } from "../../../provider/lib/sha256";
import { outOfService } from "../../../provider/steps/node/emptyDead";
import { nodesMissing } from "../../../provider/steps/virtualKubelet/awaitVirtualNodes";
import { certifyNodes } from "../../../provider/steps/virtualKubelet/certifyNodes";
import { giveVirtualMeta, virtualMeta } from "../../../provider/steps/virtualKubelet/giveVirtualMeta";
import { keepProxyOff } from "../../../provider/steps/virtualKubelet/keepProxyOff";
import { letPodsIn } from "../../../provider/steps/virtualKubelet/letPodsIn";
import { judgeLiveness } from "../../../provider/steps/virtualKubelet/liveness";
import { placeAgent } from "../../../provider/steps/virtualKubelet/placeAgent";
import { recordVirtualNodes } from "../../../provider/steps/virtualKubelet/recordVirtualNodes";
import { cleanPlace, dropPrograms } from "../../../provider/steps/virtualKubelet/removeAgent";
import { startAgent } from "../../../provider/steps/virtualKubelet/startAgent";
import type { AgentSurvey } from "../../../provider/steps/virtualKubelet/survey";
import { writeAgentFiles } from "../../../provider/steps/virtualKubelet/writeAgentFiles";
import { type Asked, fakeHost } from "../kubectl/fakeHost";
import { bareSurvey, contextOf, listOf, type MemoryHost, memoryHost, plan, virtualNode } from "./support";

const { unitName } = agentPaths("press-7");

test("the program is sent where it does not lie, and proven to run", async () => {
  const context = contextOf();
  const program = agentProgram(context.program.sha256);
  assert.equal(placeAgent.when?.(context), true);
  await placeAgent.run(context);
  assert.equal(context.host.written.get(program)?.content, context.program.sha256);
  assert.deepEqual(context.host.told.at(-1)?.words, [program, "version"]);
  const files = new Map([[program, context.program.sha256]]);
  assert.equal(placeAgent.when?.({ ...context, survey: { ...bareSurvey, files } }), false);
});

/** What lies on a machine that was written to. */
function surveyOf({ written }: MemoryHost): AgentSurvey {
  return { ...bareSurvey, files: new Map([...written].map(([path, { content }]) => [path, sha256(content)])) };
}

test("files that changed start the agent anew, and those that did not leave it alone", async () => {
  const first = contextOf();
  await writeAgentFiles.run(first);
  assert.equal(first.restart, true);
  const { host, files } = first;
  const again = contextOf({ host, survey: surveyOf(host) });
  await writeAgentFiles.run(again);
  assert.equal(again.restart, false);
  const capacity = { cpu: "8", memory: "4Gi" };
  const bigger = contextOf({ host, survey: surveyOf(host), files: { ...files, capacity } });
  await writeAgentFiles.run(bigger);
  assert.equal(bigger.restart, true);
});

test("another program is another unit, which rolls the agent though its files are the same", async () => {
  const first = contextOf();
  await writeAgentFiles.run(first);
  const program = { ...first.program, sha256: "b".repeat(64) };
  const newer = contextOf({ host: first.host, survey: surveyOf(first.host), program });
  await writeAgentFiles.run(newer);
  assert.equal(newer.restart, true);
});

test("its machine remembers that the agent has to start anew, from before the first change until it has", async () => {
  const context = contextOf();
  await writeAgentFiles.run(context);
  const { restart } = agentPaths("press-7");
  assert.equal([...context.host.written.keys()][0], restart);
  await startAgent.run(context);
  assert.ok(context.host.told.some(({ words }) => words.join(" ") === `rm -f ${restart}`));
  const certifying = contextOf({ host: memoryHost(() => ({ code: 1 })) });
  await assert.rejects(async () => certifyNodes.run(certifying));
  assert.ok(certifying.host.written.has(restart));
});

test("a node that was given up and came back takes pods again, and keeps its other taints", async () => {
  const patches: unknown[] = [];
  const own = { key: "line", value: "2", effect: "NoSchedule" };
  const node = (name: string, ...taints: object[]) => ({ ...virtualNode(name), spec: { taints } });
  const gone = node("press-7", own, outOfService);
  const host = fakeHost(({ argv, stdin = "" }) => {
    if (argv[0] === "patch") patches.push([argv[2], JSON.parse(stdin)]);
    return gone;
  });
  await letPodsIn(new Kubectl(host), [gone, node("other", own)]);
  const metadata = virtualNode("press-7").metadata.resourceVersion;
  assert.deepEqual(patches, [
    [
      "press-7",
      {
        metadata: metadata === undefined ? {} : { resourceVersion: metadata },
        spec: { unschedulable: null, taints: [own] },
      },
    ],
  ]);
});

test("os and architecture are labels that change with the program, but a runtime's are its machine's", () => {
  const { labels } = virtualMeta({ ...plan, arch: "arm64" });
  assert.equal(labels["kubernetes.io/os"], "linux");
  assert.deepEqual([labels["kubernetes.io/arch"], labels["beta.kubernetes.io/arch"]], ["arm64", "arm64"]);
  assert.equal(virtualMeta({ ...plan, provider: { cri: {} } }).labels["kubernetes.io/arch"], undefined);
});

test("secrets are in no argument and no script", async () => {
  const context = contextOf();
  await writeAgentFiles.run(context);
  const said = JSON.stringify(context.host.told);
  assert.doesNotMatch(said, /the device's key/);
  assert.ok([...context.host.written.values()].some(({ content }) => content === "the device's key"));
});

test("credentials that the program no longer names are told apart from those it names", async () => {
  const context = contextOf();
  await writeAgentFiles.run(context);
  const { credentials } = agentPaths("press-7");
  const prune = context.host.told.find(({ words }) => words[1] === credentials);
  assert.deepEqual(
    prune?.stdin.split("\n").filter((path) => path.startsWith(credentials)),
    [`${credentials}/privateKey`, `${credentials}/known_hosts`],
  );
});

test("between stop and start it is seen when each lease was renewed last", async () => {
  const order: string[] = [];
  const host = memoryHost(({ words }) => {
    order.push(words[0] === dropPrograms ? "drop programs" : words.slice(0, 2).join(" "));
    return {};
  });
  const answer = () => {
    order.push("leases");
    const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "press-7" } };
    return listOf([{ ...lease, spec: { renewTime: "12:00:00" } }]);
  };
  const context = contextOf({ host, answer });
  await startAgent.run(context);
  assert.deepEqual(order, [
    ...["systemctl daemon-reload", "systemctl enable", "systemctl stop"],
    ...["leases", "systemctl start", "rm -f", "drop programs"],
  ]);
  assert.deepEqual(context.leases, new Map([["press-7", "12:00:00"]]));
});

test("an agent that runs and whose files are unchanged goes on", () => {
  const running = { ...bareSurvey, active: true, enabled: true };
  assert.equal(startAgent.when?.(contextOf({ survey: running })), false);
  assert.equal(startAgent.when?.(contextOf({ survey: running, restart: true })), true);
  assert.equal(startAgent.when?.(contextOf({ survey: { ...running, active: false } })), true);
});

test("a node is there when the agent that runs now says that it is Ready", () => {
  const before = new Map([["press-7", "12:00:00"]]);
  const later = new Map([["press-7", "12:00:10"]]);
  const ready = [virtualNode("press-7")];
  assert.deepEqual(nodesMissing(["press-7"], ready, before, later), []);
  assert.deepEqual(nodesMissing(["press-7"], ready, undefined, undefined), []);
  assert.match(nodesMissing(["press-7"], ready, before, before)[0] ?? "", /has not reported yet/);
  assert.match(nodesMissing(["press-7"], [], before, later)[0] ?? "", /has not registered it/);
  const sick = [virtualNode("press-7", "False", { reason: "DeviceUnreachable" })];
  assert.match(nodesMissing(["press-7"], sick, before, later)[0] ?? "", /not Ready: DeviceUnreachable/);
});

test("an unreachable device is told from an agent that does not report", () => {
  assert.equal(judgeLiveness([virtualNode("a")]), "alive");
  assert.equal(judgeLiveness([virtualNode("a", "False", { reason: "DeviceUnreachable" })]), "device gone");
  assert.equal(judgeLiveness([virtualNode("a", "Unknown")]), "silent");
  assert.equal(judgeLiveness([]), "silent");
});

test("the cluster is told of every node before it registers, with the agent's own address", async () => {
  const patches: unknown[] = [];
  const answer = ({ argv, stdin = "" }: Asked) => {
    if (argv[0] === "patch") patches.push(JSON.parse(stdin).data);
    return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" }, data: {} };
  };
  await recordVirtualNodes.run(contextOf({ answer, nodes: ["press-7-0", "press-7-1"] }));
  const record = '{"addresses":["10.0.0.21"],"machineId":"machine-of-w1","role":"virtual"}';
  assert.deepEqual(patches, [{ "node.press-7-0": record, "node.press-7-1": record }]);
});

test("a name that was taken out without its machine is let in for this one alone", async () => {
  const patches: unknown[] = [];
  const answer = ({ argv, stdin = "" }: Asked) => {
    if (argv[0] === "patch") patches.push(JSON.parse(stdin).data);
    return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" }, data: { "press-7": "" } };
  };
  await recordVirtualNodes.run(contextOf({ answer }));
  assert.deepEqual(patches[0], { "press-7": "machine-of-w1" });
});

test("labels that a node may not give itself and all taints come through a control plane, where they differ", async () => {
  const { labels, taints } = virtualMeta(plan);
  assert.equal(labels["kubernetes.io/role"], "agent");
  assert.equal(labels["topology.kubernetes.io/zone"], "z1");
  assert.deepEqual(taints, [{ key: "virtual-kubelet.io/provider", value: "ssh", effect: "NoSchedule" }]);
  const patched: string[] = [];
  const owned = JSON.stringify({
    labels: Object.keys(labels).sort(),
    taints: ["virtual-kubelet.io/provider:NoSchedule"],
    annotations: [],
  });
  const settled = { ...virtualNode("press-7-0", "True", { labels }), spec: { taints } };
  settled.metadata.annotations = { "pulumi-kubeadm/owned": owned };
  const bare = virtualNode("press-7-1");
  const answer = ({ argv }: Asked) => {
    if (argv[0] === "patch") patched.push(argv[2] ?? "");
    return argv[0] === "get" && argv[2] === "press-7-1" ? bare : listOf([settled, bare]);
  };
  await giveVirtualMeta.run(contextOf({ answer, nodes: ["press-7-0", "press-7-1"] }));
  assert.deepEqual(patched, ["press-7-1"]);
});

const proxy = (affinity?: object) => ({
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name: "kube-proxy" },
  spec: { template: { spec: { ...(affinity ? { affinity } : {}) } } },
});

test("kube-proxy gets the affinity once, and a cluster without it nothing", async () => {
  const patches = async (found: object | string): Promise<unknown[]> => {
    const host = fakeHost(({ argv }) => (argv[0] === "get" ? found : proxy()));
    await keepProxyOff(new Kubectl(host));
    return host.asked.filter(({ argv }) => argv[0] === "patch").map(({ stdin = "" }) => JSON.parse(stdin));
  };
  assert.deepEqual(await patches(proxy()), [{ spec: { template: { spec: { affinity: realNodes } } } }]);
  assert.deepEqual(await patches(proxy(realNodes)), []);
  assert.deepEqual(await patches(""), []);
});

test("a place is cleaned by the agent's own word, where the agent is still there", async () => {
  const program = agentProgram("a".repeat(64));
  const there = memoryHost(({ words }) => (words[0] === program ? {} : { stdout: `${program}\n` }));
  await cleanPlace(there, "press-7", "ssh", 1000);
  const { provider } = agentPaths("press-7");
  assert.deepEqual(there.told.at(-1)?.words, [
    ...[program, "clean", "--nodename", "press-7", "--provider", "ssh", "--provider-config", provider],
  ]);
  const gone = memoryHost();
  await cleanPlace(gone, "press-7", "ssh", 1000);
  assert.equal(gone.told.length, 1);
  assert.ok(unitName.endsWith(".service"));
});
