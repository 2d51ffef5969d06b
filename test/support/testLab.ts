// Hosts of a test's own: made with it, freed with it, whatever becomes of the test.
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { containerName } from "../lab/container";
import { type Engine, engineCall, findEngine } from "../lab/engine";
import { cut, heal, powerOff, reinstall, startHost } from "../lab/hosts";
import { down, type HostWish, type ListedHost, list, up } from "../lab/lab";
import { type Lab, labOf } from "../lab/state";

export interface RanOnHost {
  code: number;
  stdout: string;
  stderr: string;
}

export class TestLab {
  private constructor(
    readonly lab: Lab,
    private readonly engine: Engine,
  ) {}

  /** A lab that a killed run left behind is taken away first. */
  static async open(id: string): Promise<TestLab> {
    const lab = new TestLab(labOf(id), await findEngine());
    await lab.close();
    return lab;
  }

  async close(): Promise<void> {
    await down(this.engine, this.lab, []);
  }

  async up(names: readonly string[], wish: HostWish = { user: "root" }): Promise<void> {
    await up(this.engine, this.lab, names, wish);
  }

  host(name: string): ListedHost {
    const found = list(this.lab).find((host) => host.name === name);
    if (!found) throw new Error(`the lab has no host ${name}`);
    return found;
  }

  /** What a program says of this host: where it is and whose key it has. */
  connection(name: string): Record<string, unknown> {
    const { address, hostKey } = this.host(name);
    return { host: address, hostKey };
  }

  /** The private key that all hosts of the lab accept. */
  privateKey(): string {
    const [first] = list(this.lab);
    if (!first) throw new Error("the lab has no host yet");
    return readFileSync(first.identityFile, "utf8");
  }

  async exec(name: string, argv: readonly string[], accept: readonly number[] = [0]): Promise<RanOnHost> {
    return await engineCall(this.engine, ["exec", containerName(this.lab, name), ...argv], { accept });
  }

  /** A command that goes on while the test does; it is given an open standard input. */
  start(name: string, argv: readonly string[]): ChildProcess {
    const [program = "", ...words] = this.engine.command;
    const args = [...words, "exec", "--interactive", containerName(this.lab, name), ...argv];
    return spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  }

  async sh(name: string, script: string, accept: readonly number[] = [0]): Promise<string> {
    return (await this.exec(name, ["sh", "-c", script], accept)).stdout.trim();
  }

  /** A program of this machine onto a host. */
  async put(name: string, file: string, target: string): Promise<void> {
    // In place only when it is whole: one that runs cannot be written.
    const script = 'cat >"$1.new" && chmod 755 "$1.new" && mv "$1.new" "$1"';
    const argv = ["exec", "--interactive", containerName(this.lab, name), "sh", "-c", script, "sh", target];
    await engineCall(this.engine, argv, { stdin: readFileSync(file) });
  }

  /** Lets the bearer of this key in, besides those who may already. */
  async authorize(name: string, publicKey: string): Promise<void> {
    await this.exec(name, ["sh", "-c", 'printf "%s\\n" "$1" >> /root/.ssh/authorized_keys', "sh", publicKey]);
  }

  /** Lets nobody in but the bearer of this key. */
  async authorizeOnly(name: string, publicKey: string): Promise<void> {
    await this.exec(name, ["sh", "-c", 'printf "%s\\n" "$1" > /root/.ssh/authorized_keys', "sh", publicKey]);
  }

  /** For whoever ends a host without this lab at hand, as a cloud's provider would. */
  endCommand(name: string): string[] {
    return [...this.engine.command, "kill", "--signal", "KILL", containerName(this.lab, name)];
  }

  cut = (name: string): Promise<void> => cut(this.engine, this.lab, name);
  heal = (name: string): Promise<void> => heal(this.engine, this.lab, name);
  powerOff = (name: string): Promise<void> => powerOff(this.engine, this.lab, name);
  powerOn = (name: string): Promise<void> => startHost(this.engine, this.lab, name);
  reinstall = (name: string): Promise<void> => reinstall(this.engine, this.lab, name);
}
