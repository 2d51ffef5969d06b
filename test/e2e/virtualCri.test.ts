// A virtual node on an edge machine with containerd and no kubelet, through the real CLI.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { apiAway } from "../support/apiAway";
import { Background } from "../support/background";
import { makeEdgeMachine, trustRegistry } from "../support/edgeMachine";
import { machineAddress } from "../support/mirror";
import { eventually as waitFor } from "../support/patience";
import { type Args, clusterOf, Program, type Spec } from "../support/program";
import { Registry } from "../support/registry";
import { type Snapshot, snapshot } from "../support/snapshot";
import { onTerminal } from "../support/terminal";
import { TestLab } from "../support/testLab";
import { assertSame, killAgent, nodeReady, onlyRunning } from "../support/virtualNodes";
import { isReady, type Loose, Workstation } from "../support/workstation";
import { run } from "../tools/run";
import { shellArchive, shellImage } from "../tools/shellImage";
import { projectDir } from "../tools/versions";
import * as pods from "./criPods";
import { nodeSuite } from "./nodeSuite";

const patienceMs = 180_000;
const hall = ["-n", pods.namespace];

/** Images are pulled here. */
const eventually = <T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> =>
  waitFor(what, look, patienceMs);

/** What the runtime keeps by itself, and what CNI plugins remember of addresses. */
const ofRuntime = / \/var\/lib\/(containerd|cni)(\/| |$)/;

describe("a virtual node on an edge machine's container runtime", () => {
  let lab: TestLab;
  let program: Program;
  let kubectl: Workstation;
  let registry: Registry;
  let image = "";
  let spec: Spec;
  let found: Snapshot;
  const edge: Args & { cluster: string; runsOn: Args } = {
    cluster: "life",
    runsOn: {},
    provider: { cri: { logs: { maxSize: "128Ki", maxFiles: 3 } } },
    capacity: { cpu: "2", memory: "1Gi", pods: 20 },
    timeouts: { drain: 60 },
  };

  async function up(): Promise<string> {
    const { code, output } = await program.stack.up();
    assert.equal(code, 0, output);
    return output;
  }

  const apply = (object: Args) => kubectl.applyAs("test", object);

  const runningPress = () => onlyRunning(kubectl, pods.namespace, "press", patienceMs);

  const nameOfPress = async (): Promise<string> => (await runningPress()).metadata.name;

  const ctr = (...words: string[]) => lab.sh("edge", `ctr -n k8s.io ${words.join(" ")}`);

  /** The same container, and each of its lines from the first on. */
  async function same(before: Loose): Promise<void> {
    const now = await runningPress();
    assertSame(before, now);
    const text = await kubectl.run("logs", ...hall, now.metadata.name);
    const numbers = text
      .trim()
      .split("\n")
      .map((line) => Number(line.replace("tick ", "")));
    assert.ok(numbers.length > 1, text);
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => (numbers[0] ?? 0) + index),
    );
  }

  const ready = () => nodeReady(kubectl, "edge", patienceMs);

  async function stateOf(name: string, wanted: (status: Loose) => boolean): Promise<Loose> {
    return eventually(`${name} as wanted`, async () => {
      const { status } = await kubectl.get("pod", ...hall, name);
      return wanted(status) && status;
    });
  }

  const waitingFor = (name: string, reason: string) =>
    stateOf(name, (status) => status.containerStatuses?.[0]?.state.waiting?.reason === reason);

  before(async () => {
    lab = await TestLab.open("e2e-cri");
    await lab.up(["cp1", "w1", "edge"]);
    registry = await Registry.open(machineAddress(lab));
    await registry.push(shellImage, await shellArchive());
    image = `${registry.host}/library/shell:1.0`;
    await makeEdgeMachine(lab, "edge");
    await trustRegistry(lab, "edge", registry.host);
    found = await snapshot(lab, "edge");
    program = await Program.create();
    edge.runsOn = { connection: lab.connection("edge") };
    spec = {
      clusters: { life: await clusterOf(lab, { controlPlanes: ["cp1"], workers: ["w1"] }) },
      virtualKubeletNodes: { edge },
    };
    await program.describe(spec, { sshKey: lab.privateKey() });
  });

  after(async () => {
    program?.close();
    await registry?.close();
    await lab?.close();
  });

  it("comes up Ready, with the machine's architecture", async () => {
    await up();
    kubectl = await Workstation.create(await program.kubeconfig("life"));
    const { metadata, spec: own, status } = await ready();
    assert.equal(metadata.labels.type, "virtual-kubelet");
    assert.equal(metadata.labels["kubernetes.io/arch"], "amd64");
    assert.deepEqual(own.taints, [{ key: "virtual-kubelet.io/provider", value: "cri", effect: "NoSchedule" }]);
    assert.equal(status.capacity.pods, "20");
    await program.stack.assertSettled();
  });

  it("is refused on a machine that runs a kubelet, and where there is no runtime", async () => {
    const wrong = { ...edge, runsOn: { connection: lab.connection("w1") } };
    const none = { ...edge, provider: { cri: { socket: "/run/none.sock" } } };
    await program.describe({ ...spec, virtualKubeletNodes: { edge, wrong, none } });
    const { code, output } = await program.stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /wrong \(\S+\) has a kubelet, which has its container runtime for itself/);
    assert.match(output, /no CRI socket \/run\/none\.sock/);
    assert.equal(await lab.sh("w1", "ls /etc/systemd/system | grep pulumi-virtual || true"), "");
    await program.describe(spec);
    await up();
  });

  it("runs a pod in a sandbox of the machine's network, with images from a registry that asks for a password", async () => {
    for (const object of pods.settings({ ...registry, host: registry.host })) await apply(object);
    await apply(pods.press(image));
    const { spec: own, status } = await runningPress();
    assert.equal(own.nodeName, "edge");
    assert.match(status.podIP, /^10\.88\.0\./);
    assert.equal(status.initContainerStatuses[0].state.terminated.exitCode, 0);
    assert.deepEqual(registry.pulledBy(lab.host("edge").address), new Set(["library/shell"]));
  });

  it("gives it files, a user, an address and limits", async () => {
    const script =
      'cat /etc/settings/speed /etc/code/pin /scratch/index.html; echo; cat /etc/about/name; echo; id -u; id -G; echo "$POD_IP"; wc -c </etc/about/token; stat -c %g /scratch/index.html';
    const pod = await runningPress();
    const name = pod.metadata.name;
    const output = await kubectl.run("exec", ...hall, name, "--", "sh", "-c", script);
    const [first, second, ...rest] = output.trim().split("\n");
    assert.equal(first, "fast1234made");
    assert.equal(second, "");
    const [podName, user, groups, ip, token, owner] = rest;
    assert.deepEqual([podName, user, ip, owner], [name, "1000", pod.status.podIP, "2000"]);
    assert.ok(groups?.split(" ").includes("2000"), groups);
    assert.ok(Number(token) > 100, token);
    const limits = await lab.sh("edge", "cat /sys/fs/cgroup/memory/virtualkubelet/*/memory.limit_in_bytes");
    assert.ok(limits.split("\n").includes(String(48 * 1024 * 1024)), limits);
    const quotas = await lab.sh("edge", "cat /sys/fs/cgroup/cpu*/virtualkubelet/*/cpu.cfs_quota_us");
    assert.ok(quotas.split("\n").includes("25000"), quotas);
  });

  it("takes changes of a ConfigMap into files of a pod that runs", async () => {
    await apply({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "settings", namespace: pods.namespace },
      data: { speed: "slow" },
    });
    const name = await nameOfPress();
    await eventually("the new file", async () => {
      return (await kubectl.run("exec", ...hall, name, "--", "cat", "/etc/settings/speed")) === "slow";
    });
  });

  it("shows logs as asked for", async () => {
    const name = await nameOfPress();
    const log = (...flags: string[]) => kubectl.run("logs", ...hall, name, ...flags);
    assert.match(await log("--tail=1"), /^tick \d+\n$/);
    assert.match(await log("--tail=2", "--timestamps"), /^(\d{4}-\d\d-\d\dT\S+Z tick \d+\n){2}$/);
    assert.doesNotMatch(await log("--since=2s"), /^tick 0$/m);
    assert.equal(await log("-c", "first"), "");
    const follower = Background.start(kubectl.argv("logs", ...hall, name, "-f", "--tail=0"));
    try {
      await eventually("lines that come while they are followed", async () => follower.stdout.split("\n").length > 5);
    } finally {
      await follower.stop();
    }
  });

  it("runs commands with and without a terminal, and tells how they ended", async () => {
    const name = await nameOfPress();
    const argv = kubectl.argv("exec", ...hall, "-i", name, "--", "sh", "-c", "read -r line; echo $line >&2; exit 4");
    const { code, stderr } = await run(argv, { stdin: "typed\n", accept: [4] });
    assert.equal(code, 4);
    assert.match(stderr, /typed/);
    const quoted = kubectl.argv("exec", ...hall, "-it", name, "--", "tty").join(" ");
    assert.match(await onTerminal(quoted), /\/dev\/pts\/\d+/);
  });

  it("copies files, forwards ports and attaches", async () => {
    const name = await nameOfPress();
    const dir = mkdtempSync(join(tmpdir(), "kubeadm-cri-"));
    try {
      writeFileSync(join(dir, "out"), "carried\n");
      await kubectl.run("cp", join(dir, "out"), `${pods.namespace}/${name}:/scratch/in`);
      await kubectl.run("cp", `${pods.namespace}/${name}:/scratch/in`, join(dir, "back"));
      assert.equal(readFileSync(join(dir, "back"), "utf8"), "carried\n");
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
    const forwarder = Background.start(kubectl.argv("port-forward", ...hall, name, ":8080"));
    try {
      const port = await eventually("a forwarded port", async () => /127\.0\.0\.1:(\d+)/.exec(forwarder.stdout)?.[1]);
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/index.html`)).text(), "made\n");
    } finally {
      await forwarder.stop();
    }
    await apply(pods.echoing(image));
    await stateOf("echoing", ({ phase }) => phase === "Running");
    const attached = await run(kubectl.argv("attach", ...hall, "-i", "echoing"), { stdin: "hello\n" });
    assert.match(attached.stdout, /got hello/);
    await stateOf("echoing", ({ phase }) => phase === "Succeeded");
  });

  it("restarts what fails, in the machine's own network, and completes a Job", async () => {
    await apply(pods.failing(image));
    await apply(pods.job(image));
    await stateOf("failing", (status) => status.containerStatuses?.[0]?.restartCount >= 1);
    assert.equal(await kubectl.run("logs", ...hall, "failing", "--previous"), "begun\n");
    const { status } = await kubectl.get("pod", ...hall, "failing");
    assert.equal(status.podIP, lab.host("edge").address);
    await eventually("the Job's end", async () => (await kubectl.get("job", ...hall, "once")).status.succeeded === 1);
    await eventually("the addresses of all that has ended given back", async () => {
      const given = await lab.sh("edge", "ls /var/lib/cni/networks/edge | grep '^10'");
      return given === (await runningPress()).status.podIP;
    });
    await kubectl.run("delete", "pod", ...hall, "failing");
  });

  nodeSuite("edge", () => ({
    kubectl,
    namespace: pods.namespace,
    container: (script) => ({ image, command: ["sh", "-c", script] }),
    spec: { imagePullSecrets: [{ name: "registry" }] },
  }));

  it("keeps of a flood as much as it is told to", async () => {
    await apply(pods.flooding(image));
    await eventually("the flood's end", async () => {
      const { stdout } = await lab.exec("edge", [
        "sh",
        "-c",
        "ls /var/lib/pulumi-virtual-kubelet/edge/pods/*/logs/main/",
      ]);
      return stdout.split("\n").filter((line) => line.includes("0.log.")).length >= 2;
    });
    await eventually("the last line", async () => {
      return (await kubectl.run("logs", ...hall, "flooding", "--tail=1")) === "20000\n";
    });
    await kubectl.run("delete", "pod", ...hall, "flooding");
  });

  it("leaves pods Pending that ask for what it cannot do, and images that may not be pulled alone", async () => {
    await apply(pods.impossible(image));
    const { containerStatuses } = await waitingFor("impossible", "CreateContainerConfigError");
    const { message } = containerStatuses[0].state.waiting;
    assert.match(message, /spec\.volumes\[0\]/);
    assert.match(message, /spec\.volumes\[1\]\.emptyDir\.medium/);
    await apply(pods.unpulled("registry.example/none:1"));
    await waitingFor("unpulled", "ErrImageNeverPull");
    await kubectl.run("delete", "pod", ...hall, "impossible", "unpulled");
  });

  it("loses no container and no line when the agent is killed", async () => {
    const pod = await runningPress();
    await killAgent(lab, "edge", "edge");
    await ready();
    await same(pod);
  });

  it("loses no container and no line while the API is away", async () => {
    const pod = await runningPress();
    await apiAway(lab, "cp1", kubectl);
    await ready();
    await same(pod);
  });

  it("says that the runtime is away, and loses no container and no line by it", async () => {
    const pod = await runningPress();
    await lab.sh("edge", "systemctl stop containerd");
    await eventually("the runtime called unreachable", async () => {
      const condition = (await kubectl.nodes())["edge"].status.conditions.find((one: Loose) => one.type === "Ready");
      return condition.status === "False" && condition.reason === "DeviceUnreachable";
    });
    await lab.sh("edge", "systemctl start containerd");
    await ready();
    await same(pod);
    assert.match(await kubectl.run("exec", ...hall, pod.metadata.name, "--", "echo", "well"), /well/);
  });

  it("is taken out without its machine by the user's word, and stays out when that comes back", async () => {
    await lab.cut("edge");
    try {
      await program.describe({ ...spec, virtualKubeletNodes: {} });
      const stopped = await program.stack.up();
      assert.notEqual(stopped.code, 0, stopped.output);
      assert.match(stopped.output, /the machine of its agent does not answer.*KUBEADM_ON_UNREACHABLE=remove/s);
      assert.ok((await kubectl.nodes())["edge"]);
      await eventually("the node of nobody", async () => !isReady((await kubectl.nodes())["edge"]));
      program.stack.options.env = { KUBEADM_ON_UNREACHABLE: "remove" };
      assert.match(await up(), /edge was taken out of the cluster without the machine of its agent/);
      assert.equal((await kubectl.nodes())["edge"], undefined);
    } finally {
      program.stack.options.env = {};
      await lab.heal("edge");
    }
    const said = () => lab.sh("edge", "journalctl --no-pager -o cat -u pulumi-virtual-kubelet@edge -n 50");
    await eventually("its agent refused", async () => /was taken out of this cluster/.test(await said()));
    assert.equal((await kubectl.nodes())["edge"], undefined);
  });

  it("comes in again through the program, and ends what had gone on there", async () => {
    const former = (await ctr("tasks", "ls", "-q")).split("\n");
    await program.describe(spec);
    await up();
    await ready();
    await runningPress();
    await eventually("the end of what had gone on", async () => {
      const now = (await ctr("tasks", "ls", "-q")).split("\n");
      return former.every((task) => !now.includes(task));
    });
  });

  it("sweeps what has no pod, and nothing of others", async () => {
    const name = await nameOfPress();
    await lab.sh(
      "edge",
      `ctr -n k8s.io images tag ${image} docker.io/library/shell:1.0 && ctr -n k8s.io run -d docker.io/library/shell:1.0 stranger sleep 1000`,
    );
    await kubectl.run("delete", "deployment", ...hall, "press", "--cascade=orphan");
    await kubectl.run("delete", "replicaset", ...hall, "--all", "--cascade=orphan");
    await kubectl.run("delete", "pod", ...hall, name, "--force", "--grace-period=0");
    await eventually("nothing of the pod", async () => (await ctr("tasks", "ls", "-q")) === "stranger");
  });

  it("holds a real runtime to the contract of all places", async () => {
    const dir = mkdtempSync(join(tmpdir(), "kubeadm-cri-"));
    try {
      const cwd = join(projectDir, "virtual-kubelet");
      // As the agent is built, so that most of it is in the build cache.
      const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-trimpath -mod=readonly" };
      await run(["go", "test", "-vet=off", "-c", "-o", join(dir, "cri.test"), "./internal/cri"], { cwd, env });
      await lab.put("edge", join(dir, "cri.test"), "/root/cri.test");
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
    const environment = `CRI_TEST_SOCKET=/run/containerd/containerd.sock CRI_TEST_IMAGE=${image}`;
    const { code, stdout } = await lab.exec(
      "edge",
      ["sh", "-c", `${environment} /root/cri.test -test.v -test.run TestContract 2>&1`],
      [0, 1],
    );
    await lab.sh("edge", "rm /root/cri.test");
    assert.equal(code, 0, stdout);
  });

  it("leaves with nothing left on the machine but what others have", async () => {
    await apply(pods.press(image));
    await runningPress();
    await program.describe({ ...spec, virtualKubeletNodes: {} });
    await up();
    assert.equal((await kubectl.nodes())["edge"], undefined);
    assert.equal(await ctr("tasks", "ls", "-q"), "stranger");
    assert.equal(await ctr("containers", "ls", "-q"), "stranger");
    assert.equal(await lab.sh("edge", "ls /var/lib/cni/networks/edge | grep '^10' || true"), "");
    await lab.sh(
      "edge",
      "ctr -n k8s.io tasks kill --signal KILL stranger; ctr -n k8s.io tasks rm stranger; ctr -n k8s.io containers rm stranger",
    );
    const now = await snapshot(lab, "edge");
    for (const section of ["files", "contents", "units", "users", "packages"]) {
      const lines = (all: Snapshot) => (all.get(section) ?? []).filter((line) => !ofRuntime.test(line));
      assert.deepEqual(lines(now), lines(found), section);
    }
    const { code, output } = await program.stack.destroy();
    assert.equal(code, 0, output);
  });

  it("never showed the registry's password", async () => {
    const log = await lab.sh("edge", "journalctl --no-pager -o cat -u 'pulumi-virtual-kubelet@*'");
    assert.ok(!log.includes(registry.password), log);
  });
});
