// A user's program as data: the e2e program makes of it what it says.
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../tools/bundle";
import { run } from "../tools/run";
import { projectDir, versions } from "../tools/versions";
import { Stack } from "./stack";
import type { TestLab } from "./testLab";

export type Args = Record<string, unknown>;

export interface NodeOptions {
  /** Name of a machine in `vms`. */
  deletedWith?: string;
  retainOnDelete?: boolean;
}

export interface Spec {
  /** Machines of somebody else's provider; `end` is run when one is deleted. */
  vms?: Record<string, { address: string; end: string[] }>;
  clusters?: Record<string, Args>;
  controlPlaneNodes?: Record<string, Args & { cluster: string }>;
  workerNodes?: Record<string, Args & { cluster: string; options?: NodeOptions }>;
  virtualKubeletNodes?: Record<string, Args & { cluster: string; runsOn?: string | Args }>;
  addons?: Record<string, Args & { cluster: string }>;
}

/** Stands for a value of the secret configuration. */
export const secret = (key: string): Args => ({ $secret: key });

/** Stands for the address of a machine in `vms`. */
export const addressOf = (vm: string): Args => ({ $vm: vm });

/** Stands for the kubeconfig of a cluster that comes before in the program. */
export const kubeconfigOf = (cluster: string): Args => ({ $kubeconfig: cluster });

/** What hosts that are containers need beyond a machine, by the arguments any user has. */
export const containerHosts = {
  containerd: { config: { plugins: { "io.containerd.cri.v1.runtime": { restrict_oom_score_adj: true } } } },
  kubeadm: {
    kubeletConfiguration: {
      cgroupDriver: "cgroupfs",
      failCgroupV1: false,
      failSwapOn: false,
      // The machine's disk is everybody's: how full it is says nothing about a host, and no image is removed for it.
      imageGCHighThresholdPercent: 100,
      evictionHard: { "imagefs.available": "2%", "nodefs.available": "2%", "memory.available": "100Mi" },
    },
    kubeProxyConfiguration: { conntrack: { maxPerCore: 0 } },
  },
  preflight: { ignore: ["SystemVerification", "NumCPU", "Mem", "Swap"] },
} as const;

/** What a program says to have this version of Kubernetes. */
export async function ofVersion(kubernetesVersion: string): Promise<Args> {
  return { kubernetesVersion, source: { bundle: { path: await bundle(kubernetesVersion) } } };
}

/** A cluster of lab hosts with the test's bundle; `more` wins. */
export async function clusterOf(
  lab: TestLab,
  nodes: { controlPlanes: string[]; workers?: string[] },
  more: Args = {},
): Promise<Args> {
  const named = (names: string[]) =>
    Object.fromEntries(names.map((name) => [name, { connection: lab.connection(name) }]));
  return {
    connection: { user: "root", privateKey: secret("sshKey") },
    controlPlanes: named(nodes.controlPlanes),
    workers: named(nodes.workers ?? []),
    ...(await ofVersion(versions.kubernetes.default)),
    ...containerHosts,
    ...more,
  };
}

/** The program in a directory of its own with the project's packages beside it, and a stack of it. */
export class Program {
  private constructor(
    readonly stack: Stack,
    private readonly dir: string,
  ) {}

  static async create(
    env?: NodeJS.ProcessEnv,
    install: (dir: string) => void | Promise<void> = link,
  ): Promise<Program> {
    const dir = mkdtempSync(join(tmpdir(), "kubeadm-e2e-"));
    cpSync(join(projectDir, "test", "e2e", "program"), dir, { recursive: true });
    await install(dir);
    const backend = join(dir, "backend");
    // The program is JavaScript: no compiler is loaded for each of the many runs.
    const stack = await Stack.open({ project: dir, backend, name: "e2e", env, onLine: echo, typescript: false });
    return new Program(stack, dir);
  }

  async describe(spec: Spec, secrets?: Record<string, string>): Promise<void> {
    await this.stack.setConfig({ spec }, secrets ? { secrets: JSON.stringify(secrets) } : {});
  }

  async kubeconfig(cluster: string): Promise<string> {
    const clusters = JSON.parse(await this.stack.output("clusters")) as Record<string, { kubeconfig: string }>;
    const found = clusters[cluster];
    if (!found) throw new Error(`the stack has no cluster ${cluster}`);
    return found.kubeconfig;
  }

  close(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** The project as it lies here. */
function link(dir: string): void {
  symlinkSync(join(projectDir, "node_modules"), join(dir, "node_modules"));
}

/** The package as users get it: packed, and installed with what it depends on. */
export async function installPacked(dir: string): Promise<void> {
  const { stdout } = await run(["npm", "pack", "--silent", "--pack-destination", dir], { cwd: projectDir });
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline"];
  const wanted = [`./${stdout.trim()}`, `@pulumi/pulumi@${versions.pulumi}`];
  await run(["npm", "install", ...quiet, ...wanted], { cwd: dir });
}

/** With E2E_ECHO=1 everything the CLI prints goes to stderr as it comes. */
function echo(line: string): void {
  if (process.env["E2E_ECHO"]) process.stderr.write(`    | ${line}\n`);
}
