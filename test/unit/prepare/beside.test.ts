// What a host that is a node keeps, and what waits beside it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { kubernetesArtifacts, kubernetesPrograms } from "../../../provider/source/artifacts";
import { servesNode, versionBefore } from "../../../provider/steps/prepare/beside";
import { drift } from "../../../provider/steps/prepare/drift";
import { missingArtifacts } from "../../../provider/steps/prepare/installKubernetes";
import { planHost } from "../../../provider/steps/prepare/plan";
import type { Placed, Survey } from "../../../provider/steps/prepare/survey";
import { bareSurvey, inputs } from "./inputs";

const old = "1.33.13";
const wanted = inputs.kubernetesVersion;
const supply = { digest: () => "d" };

function placed(
  version: string,
  directory = "/usr/local/bin",
  programs: readonly string[] = kubernetesPrograms,
): Placed[] {
  return kubernetesArtifacts(version, "amd64", directory)
    .filter(({ target }) => programs.some((program) => target.endsWith(`/${program}`)))
    .map(({ target, path }) => ({ file: target, artifact: path, sha256: "d", untouched: true }));
}

function node(...rows: Placed[][]): Survey {
  return {
    ...bareSurvey,
    journal: { claim: { format: 1, clusterId: "c1", node: "w1", joined: true }, entries: [] },
    files: new Map([["/etc/kubernetes/kubelet.conf", { sha256: "x", mode: "600" }]]),
    placed: rows.flat(),
  };
}

const planFor = (survey: Survey) =>
  planHost({ inputs, architecture: "amd64", keepsRuntime: false, before: versionBefore(survey, wanted) });
const missing = (survey: Survey) =>
  missingArtifacts({ survey, supply }, planFor(survey).kubernetes).map(({ target }) => target);
const programsIn = (directory: string) => kubernetesPrograms.map((program) => `${directory}/${program}`);
const beside = `/usr/local/lib/pulumi-kubeadm/${wanted}`;

test("a node of another version keeps its programs, the new ones wait beside them", () => {
  assert.deepEqual(missing(node(placed(old))), programsIn(beside));
  assert.deepEqual(missing(node(placed(old), placed(wanted, beside))), []);
});

test("a host that is no node gets them in their place, whatever it had", () => {
  const left = node(placed(old));
  const claim = { format: 1, clusterId: "c1", node: "w1", joined: false } as const;
  for (const survey of [
    bareSurvey,
    { ...left, journal: { claim, entries: [] } },
    { ...left, files: new Map<string, never>() },
  ]) {
    assert.equal(servesNode(survey), false);
    assert.deepEqual(missing(survey), programsIn("/usr/local/bin"));
  }
});

test("a switch that was cut leaves all three waiting; one that ended leaves none", () => {
  const cut = node(
    placed(wanted, "/usr/local/bin", ["kubeadm"]),
    placed(old, "/usr/local/bin", ["kubelet", "kubectl"]),
  );
  assert.deepEqual(missing(cut), programsIn(beside));
  assert.deepEqual(missing({ ...cut, placed: [...cut.placed, ...placed(wanted, beside)] }), []);
  assert.deepEqual(missing(node(placed(wanted))), []);
});

test("a program of the running version that somebody changed is put back where it runs", () => {
  const rows = placed(wanted).map((row) => ({ ...row, untouched: !row.file.endsWith("/kubelet") }));
  assert.deepEqual(missing(node(rows)), ["/usr/local/bin/kubelet"]);
});

test("a node with its next version beside it has not drifted; one whose programs that wait were taken has", () => {
  const programs = (survey: Survey) =>
    drift({ plan: planFor(survey), inputs, survey }).filter((line) =>
      /^(kube(adm|let|ctl) |containerd\.service has)/.test(line),
    );
  assert.deepEqual(programs(node(placed(old), placed(wanted, beside))), []);
  assert.deepEqual(programs(node(placed(old), placed(wanted, beside, ["kubeadm", "kubectl"]))), [
    "kubelet 1.34.4 is missing or was changed",
  ]);
  assert.deepEqual(programs({ ...node(placed(wanted)), restarts: new Set(["containerd.service"]) }), [
    "containerd.service has not taken over its changed files",
  ]);
});

test("an archive is missing when one of its files was changed, not when an older build of it left one behind", () => {
  const [artifact] = planFor(bareSurvey).runtime.filter(({ kind }) => kind === "archive");
  assert.ok(artifact);
  const row = (file: string, more: Partial<Placed> = {}): Placed => ({
    file: `${artifact.target}/bin/${file}`,
    artifact: artifact.path,
    sha256: "d",
    untouched: true,
    ...more,
  });
  const isMissing = (...rows: Placed[]) => missingArtifacts({ survey: node(rows), supply }, [artifact]).length === 1;
  assert.equal(isMissing(row("a"), row("b")), false);
  assert.equal(isMissing(row("a"), row("b", { untouched: false })), true);
  assert.equal(isMissing(row("a"), row("gone", { sha256: "older", untouched: false })), false);
  assert.equal(isMissing(row("a", { sha256: "older" })), true);
});
