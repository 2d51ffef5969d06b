// The process that Pulumi starts for dynamic resources, exactly as the engine starts it, and an engine for it to talk to.
import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";

const fromSdk = createRequire(require.resolve("@pulumi/pulumi"));
const grpc: typeof import("@grpc/grpc-js") = fromSdk("@grpc/grpc-js");
const { Empty }: typeof import("google-protobuf/google/protobuf/empty_pb") = fromSdk(
  "google-protobuf/google/protobuf/empty_pb",
);
export const { Struct }: typeof import("google-protobuf/google/protobuf/struct_pb") = fromSdk(
  "google-protobuf/google/protobuf/struct_pb",
);

export const projectDir = join(__dirname, "../../..");

export interface Line {
  urn: string;
  message: string;
  ephemeral: boolean;
}

export interface Engine {
  readonly address: string;
  readonly lines: readonly Line[];
  /** The first line that is meant; waits for it, because progress is sent without waiting for the answer. */
  said(meant: (line: Line) => boolean): Promise<Line>;
  /** Gone at once, as when the CLI is killed. */
  kill(): void;
}

export async function startEngine(): Promise<Engine> {
  const lines: Line[] = [];
  const news = new EventEmitter();
  const server = new grpc.Server();
  const log = (call: { request: LogRequest }, answer: (error: null, empty: unknown) => void): void => {
    const { request } = call;
    lines.push({ urn: request.getUrn(), message: request.getMessage(), ephemeral: request.getEphemeral() });
    answer(null, new Empty());
    news.emit("line");
  };
  server.addService({ log: EngineService.log } as never, { log } as never);
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  const said = async (meant: (line: Line) => boolean): Promise<Line> => {
    for (;;) {
      const found = lines.find(meant);
      if (found) return found;
      await once(news, "line");
    }
  };
  return { address: `127.0.0.1:${port}`, lines, said, kill: () => server.forceShutdown() };
}

type Reply = { toObject(): object };
type Call = (request: unknown, answer: (error: Error | null, reply: Reply) => void) => void;

export class ProviderProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly client: ResourceProviderClient,
    /** Everything it wrote, for the proof that nothing leaks there. */
    readonly output: string[],
  ) {}

  static async start(engine: string, cwd = join(projectDir, "examples/quickstart")): Promise<ProviderProcess> {
    const program = join(projectDir, "node_modules/@pulumi/pulumi/cmd/dynamic-provider/index.js");
    const child = spawn(process.execPath, [program, engine], { cwd, stdio: ["ignore", "pipe", "pipe"] });
    const output: string[] = [];
    child.stderr.on("data", (data: Buffer) => output.push(data.toString("utf8")));
    const stdout = createInterface({ input: child.stdout });
    const [port] = (await once(stdout, "line")) as [string];
    stdout.on("line", (line) => output.push(line));
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    return new ProviderProcess(child, client, output);
  }

  call<R extends Reply>(
    method: "configure" | "check" | "diff" | "create" | "read" | "update" | "delete",
    request: unknown,
  ) {
    const rpc = this.client[method].bind(this.client) as unknown as Call;
    return new Promise<R>((resolve, reject) => {
      rpc(request, (error, reply) => (error ? reject(error) : resolve(reply as R)));
    });
  }

  /** Its exit code, or undefined when it still runs at the deadline. */
  async exitWithin(milliseconds: number): Promise<number | undefined> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    const signal = AbortSignal.timeout(milliseconds);
    try {
      const [code] = (await once(this.child, "exit", { signal })) as [number | null];
      return code ?? -1;
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  async stop(): Promise<void> {
    this.client.close();
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill("SIGKILL");
    await once(this.child, "exit");
  }
}
