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
  /** What a network needs so that nothing but hosts' addresses comes from it. */
  readonly networkOptions: readonly string[];
}

// Podman's own systemd mode is off: it would bind the machine's whole name=systemd cgroup hierarchy into every host.
const bootOptions = [
  ...["--privileged", "--cgroupns=private", "--env", "container=oci", "--stop-signal", "SIGRTMIN+3"],
  ...["--tmpfs", "/run:rw,exec,mode=755", "--tmpfs", "/run/lock:rw,mode=1777", "--tmpfs", "/tmp:rw,exec,mode=1777"],
  ...["--ulimit", "nofile=20000:20000", "--ulimit", "nproc=30000:30000"],
  // A kubelet with a hundred pods has more threads than engines allow by default: its containerd could not start any and crashed.
  ...["--pids-limit", "16384"],
];

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
    bootOptions: ["--systemd=false", ...bootOptions, ...cgroupOptions()],
    networkOptions: ["--disable-dns"],
  };
}

function docker(): Engine {
  return {
    name: "docker",
    command: ["docker"],
    bootOptions: [...bootOptions, ...cgroupOptions()],
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
