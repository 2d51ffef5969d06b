import { readFileSync, statSync } from "node:fs";
import { onPath, type RunOptions, type RunResult, run } from "../tools/run";
import { deepestCgroup } from "./cgroup";

/** The container engine's command line: what differs between podman and docker is in here. */
export interface Engine {
  readonly name: "podman" | "docker";
  /** The words that start every command. */
  readonly command: readonly string[];
  /** What makes a container boot systemd like a machine. */
  readonly bootOptions: readonly string[];
  /** What it puts before a container's id to name its cgroup. */
  readonly groupPrefix: string;
  /** What a network needs so that nothing but hosts' addresses comes from it. */
  readonly networkOptions: readonly string[];
}

const limits = ["--ulimit", "nofile=20000:20000", "--ulimit", "nproc=30000:30000"];

/** Podman if it is there, else a docker engine that answers. */
export async function findEngine(): Promise<Engine> {
  if (await onPath("podman")) return podman();
  if (await onPath("docker")) {
    const { code } = await run(["docker", "info"], { accept: [0, 1] });
    if (code === 0) return docker();
  }
  throw new Error("the lab needs podman, or a docker engine that answers: run `make setup`, or install podman");
}

export function engineCall(engine: Engine, args: readonly string[], options?: RunOptions): Promise<RunResult> {
  return run([...engine.command, ...args], options);
}

function podman(): Engine {
  return {
    name: "podman",
    // Crun refuses a machine with both cgroup versions mounted.
    command: isCgroupV2() ? ["podman"] : ["podman", "--runtime", "runc", "--cgroup-manager", "cgroupfs"],
    bootOptions: ["--privileged", "--systemd=always", "--cgroupns=private", ...limits, ...cgroupOptions()],
    groupPrefix: "libpod-",
    networkOptions: ["--disable-dns"],
  };
}

function docker(): Engine {
  return {
    name: "docker",
    command: ["docker"],
    bootOptions: [
      ...["--privileged", "--cgroupns=private", "--tmpfs", "/run", "--tmpfs", "/run/lock", "--tmpfs", "/tmp"],
      ...["--stop-signal", "SIGRTMIN+3", ...limits, ...cgroupOptions()],
    ],
    groupPrefix: "",
    networkOptions: [],
  };
}

function cgroupOptions(): string[] {
  const parent = hostsCgroup();
  return parent === undefined ? [] : ["--cgroup-parent", parent];
}

/**
 * The cgroup that all hosts are in. With version 1 the engine would make its groups at the top, out of the limits that
 * the caller was started in; with version 2 it knows where they belong.
 */
export function hostsCgroup(): string | undefined {
  if (isCgroupV2()) return undefined;
  return `${deepestCgroup(readFileSync("/proc/self/cgroup", "utf8"))}/pulumi-kubeadm-lab`;
}

function isCgroupV2(): boolean {
  return statSync("/sys/fs/cgroup/cgroup.controllers", { throwIfNoEntry: false }) !== undefined;
}
