// The real CLI against simulated hosts: how time and memory grow with the number of workers.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utils } from "ssh2";
import { Program } from "../../support/program";
import { say } from "../../tools/run";
import { versions } from "../../tools/versions";
import { type Measured, measured } from "../measure";
import { Cluster } from "./cluster";
import { newHost } from "./host";
import { type Listening, newTraffic, serve, type Traffic } from "./server";
import { makeSource } from "./source";

export interface SimulatedResult {
  workers: number;
  create: Measured;
  unchanged: Measured;
  connections: number;
  commands: Record<string, number>;
  sentMiB: number;
}

const flags = ["--skip-preview", "--parallel", "64"];

export async function simulate(workers: number): Promise<SimulatedResult> {
  const source = mkdtempSync(join(tmpdir(), "kubeadm-bench-"));
  makeSource(source);
  const traffic = newTraffic();
  const fleet = await startFleet(workers, traffic);
  const program = await Program.create();
  try {
    await program.describe(specOf(fleet, source));
    const create = await measured(program.stack, ["up", "--yes", ...flags], `simulated-${workers}`);
    if (traffic.unknown.length > 0) throw new Error(traffic.unknown.slice(0, 3).join("\n"));
    const { connections, received } = traffic;
    const commands = Object.fromEntries([...traffic.commands].sort(([, a], [, b]) => b - a));
    const unchanged = await measured(program.stack, ["up", "--yes", ...flags], `simulated-${workers}-unchanged`);
    const sentMiB = Math.round(received / 1024 / 1024);
    return { workers, create, unchanged, connections, commands, sentMiB };
  } finally {
    program.close();
    await Promise.all([...fleet.values()].map(({ stop }) => stop()));
    rmSync(source, { recursive: true, force: true });
  }
}

async function startFleet(workers: number, traffic: Traffic): Promise<Map<string, Listening>> {
  // One key for all: making them is no part of what is measured.
  const { private: hostKey } = utils.generateKeyPairSync("ed25519");
  const cluster = new Cluster();
  const names = ["cp1", ...Array.from({ length: workers }, (_, index) => `w${index + 1}`)];
  const fleet = new Map<string, Listening>();
  for (const [index, name] of names.entries())
    fleet.set(name, await serve(newHost(name, index, index === 0, cluster), hostKey, traffic));
  say(`${names.length} simulated hosts`);
  return fleet;
}

function specOf(fleet: Map<string, Listening>, source: string) {
  const nodes = [...fleet].map(([name, { port }]) => [name, { connection: { port } }] as const);
  return {
    clusters: {
      sim: {
        kubernetesVersion: versions.kubernetes.default,
        connection: { host: "127.0.0.1", user: "root", password: "simulated" },
        controlPlanes: Object.fromEntries(nodes.slice(0, 1)),
        workers: Object.fromEntries(nodes.slice(1)),
        source: { bundle: { path: source } },
      },
    },
  };
}
