// SSH servers in this process that play hosts: nothing is run, every command is recognised, and an unknown one ends the bench.
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Connection, Server, type ServerChannel } from "ssh2";
import { type Command, commandOf } from "./command";
import { fileRules } from "./fileRules";
import type { SimulatedHost } from "./host";
import { kubeadmRules } from "./kubeadmRules";
import { kubectlRules } from "./kubectlRules";
import { prepareRules } from "./prepareRules";
import type { Answer, Rule } from "./rule";

const rules: readonly Rule[] = [...fileRules, ...prepareRules, ...kubeadmRules, ...kubectlRules];

/** Of the network, for each command. */
const roundTripMs = 10;
/** More input than this is only counted. */
const keptInput = 1024 * 1024;

export interface Traffic {
  connections: number;
  commands: Map<string, number>;
  /** Bytes of standard input. */
  received: number;
  unknown: string[];
}

export function newTraffic(): Traffic {
  return { connections: 0, commands: new Map(), received: 0, unknown: [] };
}

export interface Listening {
  port: number;
  stop: () => Promise<void>;
}

export async function serve(host: SimulatedHost, hostKey: string, traffic: Traffic): Promise<Listening> {
  const clients = new Set<Connection>();
  const server = new Server({ hostKeys: [hostKey] }, (client) => {
    traffic.connections += 1;
    clients.add(client);
    client.on("error", () => client.end());
    client.on("close", () => clients.delete(client));
    client.on("authentication", (context) => context.accept());
    client.on("session", (accept) => {
      accept().on("exec", (acceptExec, _reject, { command }) => void reply(acceptExec(), host, command, traffic));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      for (const client of clients) client.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function reply(channel: ServerChannel, host: SimulatedHost, line: string, traffic: Traffic): Promise<void> {
  channel.on("error", () => channel.close());
  const kept: Buffer[] = [];
  let size = 0;
  channel.on("data", (chunk: Buffer) => {
    size += chunk.length;
    traffic.received += chunk.length;
    if (size <= keptInput) kept.push(chunk);
  });
  await Promise.all([new Promise((resolve) => channel.on("end", resolve)), sleep(roundTripMs)]);
  const { code = 0, stdout = "", stderr = "" } = await answered(host, line, Buffer.concat(kept).toString(), traffic);
  if (stderr !== "") channel.stderr.write(stderr);
  if (stdout !== "") channel.write(stdout);
  channel.exit(code);
  channel.end();
}

async function answered(host: SimulatedHost, line: string, stdin: string, traffic: Traffic): Promise<Answer> {
  try {
    const command = commandOf(line);
    const rule = rules.find(({ matches }) => matches(command));
    if (!rule) throw new Error(`no rule for: ${shown(command)}`);
    traffic.commands.set(rule.name, (traffic.commands.get(rule.name) ?? 0) + 1);
    if (rule.ms) await sleep(rule.ms);
    const answer = rule.answer?.({ host, command, stdin }) ?? "";
    return typeof answer === "string" ? { stdout: answer } : answer;
  } catch (error) {
    const text = `${host.name}: the simulation does not know what to answer: ${String(error)}`;
    traffic.unknown.push(text);
    return { code: 99, stderr: text };
  }
}

function shown({ argv, script, args }: Command): string {
  return (script === "" ? argv.join(" ") : `${script} [${args.join("] [")}]`).slice(0, 1500);
}
