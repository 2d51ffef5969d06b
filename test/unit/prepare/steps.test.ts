import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { silent } from "../../../provider/lib/progress";
import type { PrepareContext } from "../../../provider/steps/prepare/context";
import { drift } from "../../../provider/steps/prepare/drift";
import { runtimeProblems } from "../../../provider/steps/prepare/keptRuntime";
import { accessOf } from "../../../provider/steps/prepare/pullImage";
import { setSysctls } from "../../../provider/steps/prepare/setSysctls";
import type { Survey } from "../../../provider/steps/prepare/survey";
import { bareSurvey, inputs, planOf, recordingHost } from "./inputs";

const plan = planOf();

/** As the preparation leaves it. */
const preparedSurvey: Survey = {
  ...bareSurvey,
  placed: [...plan.kubernetes, ...plan.runtime].map(({ path, target }) => ({
    file: target,
    artifact: path,
    sha256: "x",
    untouched: true,
  })),
  files: new Map(
    plan.files.map(({ path, content, mode }) => [
      path,
      { sha256: createHash("sha256").update(content).digest("hex"), mode: mode.toString(8) },
    ]),
  ),
  sysctls: new Map(plan.sysctls),
  units: new Map(["containerd.service", "kubelet.service"].map((unit) => [unit, { enabled: true, active: true }])),
  runtime: "v2.1.6",
};

test("a prepared host has no drift, and each thing taken away is named", () => {
  assert.deepEqual(drift({ plan, inputs, survey: preparedSurvey }), []);
  const changed: Survey = {
    ...preparedSurvey,
    placed: preparedSurvey.placed.filter(({ file }) => !file.endsWith("/kubelet")),
    files: new Map([...preparedSurvey.files].filter(([path]) => path !== "/etc/containerd/config.toml")),
    units: new Map([["kubelet.service", { enabled: false, active: false }]]),
    sysctls: new Map(),
    runtime: undefined,
  };
  assert.deepEqual(drift({ plan, inputs, survey: changed }), [
    "kubelet 1.34.4 is missing or was changed",
    "/etc/containerd/config.toml is missing or was changed",
    "containerd.service is not enabled",
    "kubelet.service is not enabled",
    "the container runtime does not answer",
    "net.bridge.bridge-nf-call-iptables is not 1",
    "net.bridge.bridge-nf-call-ip6tables is not 1",
    "net.ipv4.ip_forward is not 1",
  ]);
});

test("values from before are in the journal before any is changed, and only what differs is set", async () => {
  const { host, told } = recordingHost();
  const survey = {
    ...bareSurvey,
    sysctls: new Map([...plan.sysctls, ["/proc/sys/net/ipv4/ip_forward", "0"] as const]),
  };
  const context = { host, progress: silent, inputs, plan, survey } as unknown as PrepareContext;
  assert.equal(setSysctls.when?.(context), true);
  await setSysctls.run(context);
  assert.equal(told[0]?.options.stdin, '{"kind":"sysctl","path":"/proc/sys/net/ipv4/ip_forward","value":"0"}\n');
  assert.deepEqual(told[1]?.args, ["/proc/sys/net/ipv4/ip_forward", "1"]);
  assert.equal(setSysctls.when?.({ ...context, survey: preparedSurvey }), false);
});

test("a value the kernel did not take is an error", async () => {
  const { host } = recordingHost(({ args }) => ({ stdout: args.length > 0 ? "net/x is 0, not 1\n" : "" }));
  const context = { host, progress: silent, inputs, plan, survey: bareSurvey } as unknown as PrepareContext;
  await assert.rejects(setSysctls.run(context), /net\/x is 0, not 1/);
});

test("a kept runtime has to have its CRI and the kubelet's cgroup driver", () => {
  assert.deepEqual(runtimeProblems("disabled_plugins = []\nSystemdCgroup = true\n", "systemd"), []);
  assert.match(
    runtimeProblems('disabled_plugins = ["cri"]\nSystemdCgroup = true\n', "systemd").join(),
    /CRI plugin disabled/,
  );
  assert.match(runtimeProblems("SystemdCgroup = false\n", "systemd").join(), /uses the cgroupfs cgroup driver/);
  assert.match(runtimeProblems("SystemdCgroup = true\n", "cgroupfs").join(), /uses the systemd cgroup driver/);
});

test("a password is given to nobody but the host it is for", () => {
  const own = accessOf("registry.example", { "registry.example": { username: "u", password: "p" } });
  assert.match(own?.hosts ?? "", /^server = "https:\/\/registry.example"$/m);
  const mirrored = accessOf("registry.k8s.io", {
    "registry.k8s.io": { mirrors: ["https://mirror.example"], username: "u", password: "p" },
  });
  assert.match(mirrored?.hosts ?? "", /^server = "https:\/\/mirror.example"$/m);
  assert.doesNotMatch(mirrored?.hosts ?? "", /registry\.k8s\.io"/);
});

test("where mirrors want different passwords, or one wants none, no password is given to all", () => {
  const two = {
    "registry.k8s.io": { mirrors: ["https://a.example", "https://b.example"], username: "u", password: "p" },
    "b.example": { username: "v", password: "q" },
  };
  assert.equal(accessOf("registry.k8s.io", two), undefined);
  assert.equal(accessOf("registry.k8s.io", { ...two, "b.example": { skipVerify: true } }), undefined);
  assert.equal(accessOf("registry.k8s.io", {}), undefined);
});
