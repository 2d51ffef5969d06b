// kubectl on the machine that runs Pulumi, with the kubeconfig a user would have.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../tools/bundle";
import { run } from "../tools/run";
import { versions } from "../tools/versions";

// biome-ignore lint/suspicious/noExplicitAny: objects as the API gives them, looked into by tests.
export type Loose = any;

/** One folder for the kubeconfigs of a whole process: they are an administrator's, so it goes with the process. */
let room: string | undefined;
let written = 0;

function newFile(): string {
  if (!room) {
    const made = mkdtempSync(join(tmpdir(), "kubeconfig-"));
    process.once("exit", () => rmSync(made, { recursive: true, force: true }));
    room = made;
  }
  return join(room, `config-${written++}`);
}

export class Workstation {
  private constructor(
    private readonly kubectl: string,
    /** The kubeconfig's path. */
    readonly file: string,
  ) {}

  static async create(kubeconfig: string): Promise<Workstation> {
    const program = join(await bundle(), `dl.k8s.io/release/v${versions.kubernetes.default}/bin/linux/amd64/kubectl`);
    chmodSync(program, 0o755);
    const file = newFile();
    writeFileSync(file, kubeconfig, { mode: 0o600 });
    return new Workstation(program, file);
  }

  /** For who runs it in a way of his own. */
  argv(...args: string[]): string[] {
    return [this.kubectl, "--kubeconfig", this.file, ...args];
  }

  async run(...args: string[]): Promise<string> {
    const { stdout } = await run(this.argv(...args));
    return stdout;
  }

  /** Applies an object as another manager would. */
  async applyAs(manager: string, object: Loose): Promise<void> {
    const flags = ["apply", "--server-side", "--force-conflicts", `--field-manager=${manager}`, "-f", "-"];
    await run(this.argv(...flags), { stdin: JSON.stringify(object) });
  }

  /** Creates what has no name of its own, and gives the answer. */
  async create(object: Loose): Promise<Loose> {
    const { stdout } = await run(this.argv("create", "-o", "json", "-f", "-"), { stdin: JSON.stringify(object) });
    return JSON.parse(stdout);
  }

  /** Creates many at once, a List. */
  async createAll(list: Loose): Promise<void> {
    await run(this.argv("create", "-f", "-"), { stdin: JSON.stringify(list) });
  }

  async get(...args: string[]): Promise<Loose> {
    return JSON.parse(await this.run("get", ...args, "-o", "json"));
  }

  async nodes(): Promise<Record<string, Loose>> {
    const { items } = await this.get("nodes");
    return Object.fromEntries(items.map((node: Loose) => [node.metadata.name, node]));
  }
}

export function isReady(node: Loose): boolean {
  return node.status.conditions.some((condition: Loose) => condition.type === "Ready" && condition.status === "True");
}
