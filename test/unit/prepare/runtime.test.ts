// What of the container runtime is put in place with a restart of containerd, and what without.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { silent } from "../../../provider/lib/progress";
import { refreshPrograms } from "../../../provider/recipes/refreshPrograms";
import type { PrepareContext } from "../../../provider/steps/prepare/context";
import { installRuntime } from "../../../provider/steps/prepare/installRuntime";
import type { Survey } from "../../../provider/steps/prepare/survey";
import { bareSurvey, inputs, planOf, recordingHost, type Told } from "./inputs";

const plan = planOf({ containerd: { registries: { "registry.example": { mirrors: ["https://mirror.example"] } } } });
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** A node on which all is as it should be. */
const node: Survey = {
  ...bareSurvey,
  journal: { claim: { format: 1, clusterId: "c1", node: "w1", joined: true }, entries: [{ kind: "runtime" }] },
  placed: plan.runtime.map(({ path, target }) => ({ file: target, artifact: path, sha256: "d", untouched: true })),
  files: new Map([
    ["/etc/kubernetes/kubelet.conf", { sha256: "x", mode: "600" }],
    ...plan.files.map(
      ({ path, content, mode }) => [path, { sha256: sha256(content), mode: mode.toString(8) }] as const,
    ),
  ]),
  units: new Map([["containerd.service", { enabled: true, active: true }]]),
  runtime: "v2.1.6",
};

const kubernetes = plan.kubernetes.map(({ path, target }) => ({
  file: target,
  artifact: path,
  sha256: "d",
  untouched: true,
}));

const without = (path: string): Survey => ({
  ...node,
  files: new Map([...node.files].filter(([file]) => !file.endsWith(path))),
});
const untouched = (part: string): Survey => ({
  ...node,
  placed: node.placed.map((row) => ({ ...row, untouched: !row.artifact.includes(part) })),
});

function contextOf(survey: Survey, answer?: (told: Told) => { stdout?: string }) {
  const { host, told } = recordingHost(answer ?? (() => ({ stdout: "v2.1.6\n" })));
  const stage = async (_host: unknown, artifact: unknown) => ({ artifact, sha256: "d", path: "/staged" });
  const supply = { bundle: undefined, digest: () => "d", stage };
  const context = { host, progress: silent, inputs, plan, survey, supply, architecture: "amd64" };
  return { context: context as unknown as PrepareContext, told };
}

const starts = (told: readonly Told[]) =>
  told.filter(({ title }) => title.includes('systemctl "$1" containerd.service')).map(({ args }) => args);

async function run(survey: Survey): Promise<readonly string[] | undefined> {
  const { context, told } = contextOf(survey);
  if (installRuntime.when?.(context) !== true) return undefined;
  await installRuntime.run(context);
  return starts(told)[0];
}

test("containerd is restarted for what it reads when it starts, and for nothing else", async () => {
  assert.equal(await run(node), undefined);
  assert.deepEqual(await run(untouched("/containernetworking/plugins/")), ["start", "unproven"]);
  assert.deepEqual(await run(untouched("/opencontainers/runc/")), ["start", "unproven"]);
  assert.deepEqual(await run(without("/hosts.toml")), ["start", "unproven"]);
  assert.deepEqual(await run(untouched("/containerd/containerd/")), ["restart", "unproven"]);
  assert.deepEqual(await run(without("/config.toml")), ["restart", "unproven"]);
  assert.deepEqual(await run(without("/containerd.service")), ["restart", "unproven"]);
});

test("a restart that a cut run owes is made up for", async () => {
  assert.deepEqual(await run({ ...node, restarts: new Set(["containerd.service"]) }), ["restart", "unproven"]);
});

test("a host that is no node has nothing to prove beyond the runtime's own answer", async () => {
  assert.deepEqual(await run(bareSurvey), ["restart", "settled"]);
});

test("the restart is noted before anything is put in place", async () => {
  const { context, told } = contextOf(without("/config.toml"));
  await installRuntime.run(context);
  const noted = told.findIndex(({ title }) => title.includes(">/var/lib/pulumi-kubeadm/restarts/containerd.service"));
  const placed = told.findIndex(({ args }) => args.some((word) => word.endsWith(":/etc/containerd/config.toml")));
  assert.ok(noted >= 0 && noted < placed, `${noted}, ${placed}`);
});

test("a node whose containerd does not start anew goes on with the configuration it had", async () => {
  let tries = 0;
  const { context, told } = contextOf(without("/config.toml"), ({ title }) => {
    if (title.includes('systemctl "$1"') && tries++ === 0) throw new Error("its CRI did not start");
    return { stdout: "v2.1.6\n" };
  });
  Object.assign(context.host, { readFile: async () => Buffer.from("as it was") });
  await assert.rejects(installRuntime.run(context), /its CRI did not start; its former configuration was put back/);
  assert.equal(starts(told).length, 2);
  assert.equal(told.filter(({ args }) => args.includes("600:/etc/containerd/config.toml")).length, 2);
});

test("on a node images come before a runtime that may name them, and the proof last", async () => {
  const changed = without("/config.toml");
  const [sandbox = "", ...others] = plan.images;
  const survey = { ...changed, images: new Set(others), placed: [...changed.placed, ...kubernetes] };
  const { context, told } = contextOf(survey, ({ args }) => ({
    stdout: args.includes("ls") ? plan.images.join("\n") : "v2.1.6\n",
  }));
  await refreshPrograms(context);
  const at = (what: (one: Told) => boolean) => told.findIndex(what);
  const order = [
    at(({ args }) => args.includes("pull") && args.includes(sandbox)),
    at(({ title }) => title.includes('systemctl "$1" containerd.service')),
    at(({ title }) => title.includes("/healthz")),
  ];
  assert.ok(
    order.every((index, turn) => index > (order[turn - 1] ?? -1)),
    order.join(),
  );
  assert.equal(order.at(-1), told.length - 1);
});

test("a node on which nothing differs is left alone: no restart, no turn, no proof", async () => {
  const { context, told } = contextOf({
    ...node,
    images: new Set(plan.images),
    pinned: new Set(plan.images),
    placed: [...node.placed, ...kubernetes],
    units: new Map(["containerd.service", "kubelet.service"].map((unit) => [unit, { enabled: true, active: true }])),
  });
  await refreshPrograms(context);
  assert.deepEqual(told, []);
});
