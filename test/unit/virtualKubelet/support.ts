// What tests of virtual nodes share: a plan, a host that runs scripts on this machine, and one that only remembers.
import { spawnSync } from "node:child_process";
import type { Host, RunOptions, RunResult } from "../../../provider/host/host";
import { Kubectl } from "../../../provider/host/kubectl";
import type { KubeObject } from "../../../provider/host/kubeObject";
import type { Target } from "../../../provider/kubeadm/spec";
import { silent } from "../../../provider/lib/progress";
import type { AgentContext, VirtualPlan } from "../../../provider/steps/virtualKubelet/context";
import type { AgentSurvey } from "../../../provider/steps/virtualKubelet/survey";
import { type Answer, type Asked, type FakeHost, fakeHost } from "../kubectl/fakeHost";

export const target: Target = {
  connection: { host: "10.0.0.21", user: "root" },
  hostKeys: { "10.0.0.21:22": "ssh-ed25519 AAAA" },
  machineId: "machine-of-w1",
  address: "10.0.0.21",
};

export const plan: VirtualPlan = {
  clusterId: "cluster-1",
  clusterName: "prod",
  name: "press-7",
  target,
  reach: {},
  endpoint: "10.0.0.11:6443",
  provider: {
    ssh: { connection: { host: "10.0.9.7", user: "plc", privateKey: "the device's key", hostKey: "ssh-ed25519 AAAA" } },
  },
  capacity: { cpu: "4", memory: "2Gi", pods: 5 },
  labels: { site: "hall-2", "topology.kubernetes.io/zone": "z1" },
  taints: [],
  annotations: {},
  agent: { version: "0.1.0" },
};

export const bareSurvey: AgentSurvey = {
  architecture: "amd64",
  machine: "x86_64",
  systemd: true,
  controlPlane: false,
  kubelet: true,
  runtime: true,
  owner: undefined,
  port: undefined,
  healthPort: undefined,
  taken: new Set(),
  enabled: false,
  active: false,
  restart: false,
  files: new Map(),
  certificates: new Map(),
};

export interface Told {
  /** argv, or the script and its arguments. */
  words: readonly string[];
  stdin: string;
}

export interface MemoryHost extends Host {
  readonly told: Told[];
  readonly written: Map<string, { content: string; mode: number }>;
}

/** Remembers what it is told; a file that is written with the content it has is unchanged. */
export function memoryHost(answer: (told: Told) => Partial<RunResult> = () => ({})): MemoryHost {
  const told: Told[] = [];
  const written = new Map<string, { content: string; mode: number }>();
  const hear = async (words: readonly string[], options: RunOptions = {}): Promise<RunResult> => {
    const heard = { words, stdin: options.stdin?.toString() ?? "" };
    told.push(heard);
    return { code: 0, stdout: "", stderr: "", ...answer(heard) };
  };
  return {
    name: "press-7",
    label: "press-7 (10.0.0.21)",
    told,
    written,
    run: hear,
    sh: (script, args = [], options) => hear([script, ...args], options),
    readFile: async (path) => {
      const found = written.get(path);
      return found && Buffer.from(found.content);
    },
    writeFile: async (path, content, mode = 0o644) => {
      const before = written.get(path);
      written.set(path, { content: content.toString(), mode });
      return before?.content !== content.toString() || before.mode !== mode;
    },
    upload: async (file, path) => {
      written.set(path, { content: file.sha256, mode: 0o600 });
      return true;
    },
  };
}

/** Runs for real, on this machine. */
export function localHost(): Host {
  const run = async (argv: readonly string[], { stdin = "", ok = [0] }: RunOptions = {}): Promise<RunResult> => {
    const [program = "", ...args] = argv;
    const { status, stdout, stderr } = spawnSync(program, args, { input: stdin.toString(), encoding: "utf8" });
    if (status === null || !ok.includes(status)) throw new Error(`${program} ended with ${status}: ${stderr}`);
    return { code: status, stdout, stderr };
  };
  const unused = () => Promise.reject(new Error("only scripts run here"));
  const sh: Host["sh"] = (script, args = [], options) =>
    run(["sh", "-c", `set -eu\n${script}`, "sh", ...args], options);
  return { name: "here", label: "here", run, sh, readFile: unused, writeFile: unused, upload: unused };
}

export function contextOf(own: Partial<AgentContext> & { answer?: (asked: Asked) => Answer } = {}): AgentContext & {
  host: MemoryHost;
  api: FakeHost;
} {
  const { answer = () => ({ kind: "List", items: [] }), ...rest } = own;
  const api = fakeHost(answer);
  return {
    host: memoryHost(),
    api,
    progress: silent,
    plan,
    kind: "ssh",
    kubectl: new Kubectl(api),
    approver: api,
    survey: bareSurvey,
    files: { ...plan, port: 10300, healthPort: 10400, address: "10.0.0.21", ca: "the authority\n" },
    program: { path: "/agent", sha256: "a".repeat(64), size: 1 },
    nodes: ["press-7"],
    surplus: [],
    restart: false,
    ...rest,
  } as AgentContext & { host: MemoryHost; api: FakeHost };
}

export function virtualNode(name: string, ready = "True", more: { reason?: string; labels?: object } = {}): KubeObject {
  const labels = { type: "virtual-kubelet", ...more.labels };
  const condition = { type: "Ready", status: ready, ...(more.reason ? { reason: more.reason } : {}) };
  return { apiVersion: "v1", kind: "Node", metadata: { name, labels }, status: { conditions: [condition] } };
}

export const listOf = (items: readonly KubeObject[]) => ({ apiVersion: "v1", kind: "List", items });
