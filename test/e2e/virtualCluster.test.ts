// A virtual node whose pods run in another cluster, through the real CLI: two clusters in one program, the second's kubeconfig in the first's node.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { apiAway, withoutApi } from "../support/apiAway";
import { Background } from "../support/background";
import { bringMetricsServer, metricsServer } from "../support/metricsServer";
import { eventually as waitFor } from "../support/patience";
import { type Args, clusterOf, kubeconfigOf, Program, type Spec, secret } from "../support/program";
import { onTerminal } from "../support/terminal";
import { TestLab } from "../support/testLab";
import { killAgent, nodeReady, nodeUnreachable } from "../support/virtualNodes";
import { type Loose, Workstation } from "../support/workstation";
import { versions } from "../tools/versions";
import { deployment, edge, here, impossible, job, shell, there, type Where } from "./farPods";
import { nodeSuite } from "./nodeSuite";

const patienceMs = 180_000;
const node = "home-far";
const where: Where = { node, tag: versions.flannel.cniPlugin };
const noFigures = process.env["TEST_ALL"]
  ? false
  : "its metrics-server is built for `make test-all` alone (TEST_ALL=1)";
const unit = `pulumi-virtual-kubelet@${node}`;

const eventually = <T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> =>
  waitFor(what, look, patienceMs);

describe("a virtual node in another cluster", () => {
  let lab: TestLab;
  let program: Program;
  let home: Workstation;
  let far: Workstation;
  let remote: { kubeconfig: Args; namespace: string };
  let spec: Spec;
  let token = "";
  const started: Background[] = [];

  async function up(): Promise<string> {
    const { code, output } = await program.stack.up();
    assert.equal(code, 0, output);
    return output;
  }

  const ready = () => nodeReady(home, node, patienceMs);
  const ours = async (...args: string[]): Promise<string> => await home.run("-n", here, ...args);

  /** The pod here, and the one there that stands for it. */
  async function pods(): Promise<{ pod: Loose; twin: Loose }> {
    return eventually("the pod running on both sides", async () => {
      const { items } = await home.get("pods", "-n", here, "-l", "app=press");
      const [pod, more] = items.filter((one: Loose) => !one.metadata.deletionTimestamp);
      if (more || pod?.status.phase !== "Running" || !pod.status.containerStatuses.every((c: Loose) => c.ready))
        return false;
      const twins = await far.get("pods", "-n", there, "-l", `cluster.virtual-kubelet.io/pod-uid=${pod.metadata.uid}`);
      return twins.items.length === 1 && { pod, twin: twins.items[0] };
    });
  }

  /** The same pod on both sides, and the same containers in it. */
  async function same(was: { pod: Loose; twin: Loose }): Promise<void> {
    const is = await pods();
    for (const side of ["pod", "twin"] as const) {
      assert.equal(is[side].metadata.uid, was[side].metadata.uid);
      const ids = (pod: Loose) => pod.status.containerStatuses.map((c: Loose) => c.containerID).sort();
      assert.deepEqual(ids(is[side]), ids(was[side]));
    }
  }

  /** kubectl that goes on. */
  function background(args: string[], input?: string): Background {
    const child = Background.start(home.argv("-n", here, ...args), input);
    started.push(child);
    return child;
  }

  const directory = mkdtempSync(join(tmpdir(), "kubeadm-far-"));

  before(async () => {
    lab = await TestLab.open("e2e-far");
    await lab.up(["cp1", "w1", "cp2"]);
    program = await Program.create();
    remote = { kubeconfig: kubeconfigOf("far"), namespace: there };
    spec = {
      clusters: {
        far: await clusterOf(
          lab,
          { controlPlanes: [] },
          { controlPlanes: { cp2: { connection: lab.connection("cp2"), worker: true } } },
        ),
        home: await clusterOf(lab, { controlPlanes: ["cp1"], workers: ["w1"] }),
      },
      virtualKubeletNodes: { [node]: { cluster: "home", runsOn: "w1", provider: { cluster: remote } } },
      addons: {
        edge: { cluster: "far", manifests: edge(where.tag), wait: false },
        press: { cluster: "home", manifests: deployment(where), wait: false },
      },
    };
    await program.describe(spec, { sshKey: lab.privateKey() });
  });

  after(async () => {
    await Promise.all(started.map((child) => child.stop()));
    rmSync(directory, { recursive: true, force: true });
    program?.close();
    await lab?.close();
  });

  it("is made by one up with the clusters, and shows the quota there as its capacity", async () => {
    await up();
    home = await Workstation.create(await program.kubeconfig("home"));
    far = await Workstation.create(await program.kubeconfig("far"));
    await ready();
    const { status, spec: own } = await eventually("the quota's capacity", async () => {
      const found = (await home.nodes())[node];
      return found.status.capacity.pods === "8" && found;
    });
    for (const list of [status.capacity, status.allocatable])
      assert.deepEqual([list.cpu, list.memory, list.pods], ["2", "1Gi", "8"]);
    assert.deepEqual(own.taints, [{ key: "virtual-kubelet.io/provider", value: "cluster", effect: "NoSchedule" }]);
    await program.stack.assertSettled();
  });

  it("runs a pod there with what it refers to here", async () => {
    const { pod, twin } = await pods();
    assert.equal(pod.spec.nodeName, node);
    assert.equal(twin.spec.nodeName, "cp2");
    assert.equal(pod.status.podIP, twin.status.podIP);
    assert.equal((await ours("logs", pod.metadata.name, "-c", "loop")).trim(), `begun fast open-sesame ${here}`);
    const inside = async (...command: string[]) =>
      await ours("exec", pod.metadata.name, "-c", "loop", "--", ...command);
    assert.equal(await inside("cat", "/all/speed"), "fast");
    assert.equal(await inside("cat", "/all/secret/word"), "open-sesame");
    assert.match(await inside("cat", "/all/labels"), /^app="press"$/m);
    const claims = JSON.parse(
      Buffer.from((await inside("cat", "/all/token")).split(".")[1] ?? "", "base64url").toString(),
    );
    assert.deepEqual([claims.aud, claims.sub], [["hall"], `system:serviceaccount:${here}:default`]);
    assert.equal(claims["kubernetes.io"].pod.uid, pod.metadata.uid);
    const own = "/var/run/secrets/kubernetes.io/serviceaccount";
    assert.equal(await inside("cat", `${own}/namespace`), here);
    assert.match(await inside("sh", "-c", "echo $KUBERNETES_SERVICE_HOST"), new RegExp(lab.host("cp1").address));
  });

  it("brings logs back: the end of one, one that goes on, and one of before", async () => {
    const { pod } = await pods();
    const name = pod.metadata.name;
    await ours("exec", name, "-c", "loop", "--", "touch", "/scratch/stop");
    const restarted = await eventually("a restart", async () => {
      const loop = (await pods()).pod.status.containerStatuses.find((c: Loose) => c.name === "loop");
      return loop.restartCount === 1 && loop;
    });
    assert.equal(restarted.lastState.terminated.exitCode, 3);
    assert.match(await ours("logs", name, "-c", "loop", "--previous"), /^begun .*\ngoing\n$/);
    assert.equal(await ours("logs", name, "-c", "loop", "--previous", "--tail", "1"), "going\n");
    const following = background(["logs", "-f", name, "-c", "ear"]);
    const attached = background(["attach", "-i", name, "-c", "ear"], "hello\n");
    await attached.said(/heard hello/);
    await following.said(/heard hello/);
  });

  it("runs commands, with and without a terminal, and tells how they ended", async () => {
    const name = (await pods()).pod.metadata.name;
    const exec = ["exec", name, "-c", "loop", "--"];
    await assert.rejects(ours(...exec, "sh", "-c", "exit 7"), /exit code 7/);
    const plain = await ours(...exec, "sh", "-c", "test -t 0 && echo terminal || echo none");
    assert.equal(plain, "none\n");
    const quoted = home.argv("-n", here, "exec", "-it", name, "-c", "loop", "--", "tty").join(" ");
    assert.match(await onTerminal(quoted), /\/dev\/pts\/\d+/);
  });

  it("copies files and forwards ports", async () => {
    const name = (await pods()).pod.metadata.name;
    const content = "x".repeat(200_000);
    writeFileSync(join(directory, "there"), content);
    await ours("cp", join(directory, "there"), `${name}:/scratch/file`, "-c", "loop");
    await ours("cp", `${name}:/scratch/file`, join(directory, "back"), "-c", "loop");
    assert.equal(readFileSync(join(directory, "back"), "utf8"), content);
    const [, port] = await background(["port-forward", `pod/${name}`, ":8080"]).said(/127\.0\.0\.1:(\d+)/);
    for (let i = 0; i < 3; i += 1) {
      const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
      assert.equal((await answer.text()).trim(), name);
    }
  });

  it("runs jobs to their end, good or bad", async () => {
    for (const [name, code] of [
      ["good", 0],
      ["bad", 1],
    ] as const)
      await home.applyAs("test", job(name, code, where));
    await ours("wait", "--for=condition=Complete", "job/good", "--timeout=120s");
    await ours("wait", "--for=condition=Failed", "job/bad", "--timeout=120s");
    assert.equal(await ours("logs", "job/good"), "ran\n");
    await ours("delete", "job", "good", "bad");
  });

  it("leaves a pod pending that asks for what another cluster cannot give", async () => {
    await home.applyAs("test", impossible(where));
    const waiting = await eventually("the list of all of it", async () => {
      const { status } = await home.get("pod", "impossible", "-n", here);
      return status.phase === "Pending" && status.containerStatuses?.[0].state.waiting;
    });
    assert.equal(waiting.reason, "CreateContainerConfigError");
    assert.match(waiting.message, /spec\.hostNetwork.*spec\.volumes\[0\] \(disk\)/);
    await ours("delete", "pod", "impossible");
  });

  it("shows what a pod uses, by a metrics-server on either side", { skip: noFigures }, async () => {
    spec.addons = { ...spec.addons };
    for (const [cluster, host] of [
      ["home", "w1"],
      ["far", "cp2"],
    ] as const) {
      await bringMetricsServer(lab, host);
      spec.addons[`metrics-${cluster}`] = { cluster, manifests: metricsServer() };
    }
    await program.describe(spec, { sshKey: lab.privateKey() });
    await up();
    const name = (await pods()).pod.metadata.name;
    const text = await eventually("top of the pod", () => ours("top", "pod", name, "--containers"));
    for (const container of ["loop", "ear", "web"])
      assert.match(text, new RegExp(`${name} +${container} +\\d+m +\\d+Mi`));
  });

  nodeSuite(node, () => ({ kubectl: home, namespace: here, container: (script) => shell(script, where.tag) }), {
    noFigures,
  });

  it("takes a changed ConfigMap there", async () => {
    const was = await pods();
    await ours("patch", "configmap", "settings", "-p", '{"data":{"speed":"slow"}}');
    const look = () => ours("exec", was.pod.metadata.name, "-c", "loop", "--", "cat", "/all/speed");
    await eventually("the new value in the pod", async () => (await look()) === "slow");
    await same(was);
  });

  it("loses no pod when its agent is killed", async () => {
    const was = await pods();
    await killAgent(lab, "w1", node);
    await ready();
    await same(was);
    assert.match(await ours("logs", was.pod.metadata.name, "-c", "loop", "--previous"), /going/);
  });

  it("waits for a cluster whose API is away, with what is to end there, also while its own is away", async () => {
    const was = await pods();
    await withoutApi(lab, "cp2", async () => {
      await nodeUnreachable(home, node);
      await ours("delete", "pod", was.pod.metadata.name, "--wait=false");
      await apiAway(lab, "cp1", home);
      const pod = await home.get("pod", was.pod.metadata.name, "-n", here);
      assert.ok(pod.metadata.deletionTimestamp, "the pod is Terminating as long as nobody confirmed its end");
    });
    await ready();
    const now = await pods();
    assert.notEqual(now.pod.metadata.uid, was.pod.metadata.uid);
    await eventually("the end of the former pod on both sides", async () => {
      const lists = [await home.get("pods", "-n", here), await far.get("pods", "-n", there)];
      const uids = lists.flatMap(({ items }) => items.map(({ metadata }: Loose) => metadata.uid));
      return !uids.includes(was.pod.metadata.uid) && !uids.includes(was.twin.metadata.uid);
    });
  });

  /** The other cluster's kubeconfig with this account's token instead of the administrator's certificate. */
  async function withToken(): Promise<Record<string, string>> {
    token = (await far.run("-n", there, "create", "token", "press-node", "--duration=2h")).trim();
    const file = join(directory, "remote");
    writeFileSync(file, await program.kubeconfig("far"), { mode: 0o600 });
    const flags = ["config", "view", "--kubeconfig", file, "--raw", "-o", "json"];
    const document = JSON.parse(await far.run(...flags));
    document.users = [{ name: document.users[0].name, user: { token } }];
    return { sshKey: lab.privateKey(), remote: JSON.stringify(document) };
  }

  it("takes other credentials, which need no more than the rights in one namespace", async () => {
    const was = await pods();
    remote.kubeconfig = secret("remote");
    await program.describe(spec, await withToken());
    const output = await up();
    assert.match(output, new RegExp(`~ .*${node}-virtual-kubelet`));
    await ready();
    await same(was);
    assert.equal((await home.nodes())[node].status.capacity.pods, "8");
  });

  it("says that its credentials are no longer good, lives on, and takes new ones", async () => {
    const was = await pods();
    const process = await lab.sh("w1", `systemctl show -p MainPID --value ${unit}`);
    await far.run("-n", there, "delete", "serviceaccount", "press-node");
    const { message } = await nodeUnreachable(home, node);
    assert.match(message, /credentials are not accepted/);
    assert.equal(await lab.sh("w1", `systemctl show -p MainPID --value ${unit}`), process);
    await far.run("-n", there, "create", "serviceaccount", "press-node");
    await program.describe(spec, await withToken());
    await up();
    await ready();
    await same(was);
  });

  it("ends there what has no pod here, and nothing else", async () => {
    const was = await pods();
    await lab.sh("w1", `systemctl stop ${unit}`);
    await ours("delete", "pod", was.pod.metadata.name, "--grace-period=0", "--force");
    await lab.sh("w1", `systemctl start ${unit}`);
    await eventually("the end of a pod that was deleted by force", async () => {
      const { items } = await far.get("pods", "-n", there);
      return !items.some(({ metadata }: Loose) => metadata.uid === was.twin.metadata.uid);
    });
    await pods();
  });

  it("leaves with everything of it there", async () => {
    await program.describe({ ...spec, virtualKubeletNodes: {} });
    await up();
    assert.equal((await home.nodes())[node], undefined);
    const left = await far.get("pods,configmaps,secrets", "-n", there);
    assert.deepEqual(left.items.map(({ metadata }: Loose) => metadata.name).sort(), [
      "kube-root-ca.crt",
      "somebodys-own",
    ]);
    assert.equal(await lab.sh("w1", "ls -d /etc/pulumi-kubeadm/virtual-kubelet/* 2>/dev/null || true"), "");
  });

  it("never showed a secret", async () => {
    const log = await lab.sh("w1", `journalctl -u ${unit} --no-pager`);
    assert.match(log, /the agent runs/);
    assert.ok(!log.includes("open-sesame"), "a Secret's value is in the agent's log");
    for (const [place, text] of [
      ["output", program.stack.transcript],
      ["state", program.stack.storedState()],
      ["agent's log", log],
    ] as const)
      assert.ok(!text.includes(token), `the token is in the ${place}`);
  });
});
