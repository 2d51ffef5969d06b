// Clients that never stop asking while a test changes a cluster: what they saw is told for each part of the test.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { poll } from "../tools/programs";
import { describeReport, type Polled, type PollReport, parsePolled, reportOf } from "./pollReport";
import type { TestLab } from "./testLab";

/** A backend that is gone fails later still; a busy machine does not fail by this. */
const servicePatience = "5s";
/** In a host: gone with its next start, and no part of what a test compares. */
const onHost = "/run/poll";

interface Ref {
  ref(): unknown;
  unref(): unknown;
}

export class Poller {
  private readonly polled: Polled[] = [];
  private told = 0;
  private rest = "";
  private readonly ended: Promise<void>;

  private constructor(
    readonly what: string,
    private readonly child: ChildProcess,
  ) {
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => this.take(chunk));
    child.stdin?.on("error", () => undefined);
    this.ended = new Promise((resolve) => child.on("close", () => resolve()).on("error", () => resolve()));
    // Its input ends with this process, however that ends, and it ends with its input: nothing waits for it but `stop`.
    this.hold(false);
  }

  /** Asks the API at this address for its version, from the machine that runs the test. */
  static async api(address: string, port: number): Promise<Poller> {
    const program = join(await poll(), "poll");
    const child = spawn(program, [`https://${address}:${port}/version`], { stdio: ["pipe", "pipe", "inherit"] });
    return new Poller(`API at ${address}:${port}`, child);
  }

  /** Asks a web Service from inside a lab host, which should be one that stays. */
  static async service(lab: TestLab, host: string, address: string, port = 80): Promise<Poller> {
    await lab.put(host, join(await poll(), "poll"), onHost);
    const child = lab.start(host, [onHost, "-patience", servicePatience, `http://${address}:${port}/`]);
    return new Poller(`Service ${address}:${port} from ${host}`, child);
  }

  /** All it saw since its first answer. */
  report(): PollReport {
    return reportOf(this.polled);
  }

  /** What it saw since the last part, printed with the part's name. */
  part(title: string): PollReport {
    const report = reportOf(this.polled.slice(this.told));
    this.told = this.polled.length;
    process.stdout.write(`    # ${title}: ${this.what}: ${describeReport(report)}\n`);
    return report;
  }

  /** Ends it; what it saw in all. */
  async stop(): Promise<PollReport> {
    this.hold(true);
    this.child.stdin?.end();
    await this.ended;
    return this.report();
  }

  private hold(held: boolean): void {
    const { stdin, stdout } = this.child;
    for (const one of [this.child, stdin, stdout] as (Ref | null)[]) one?.[held ? "ref" : "unref"]();
  }

  private take(chunk: string): void {
    const lines = (this.rest + chunk).split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) {
      const polled = parsePolled(line);
      // Before its first answer there is nothing yet that could be lost.
      if (polled && (this.polled.length > 0 || polled.outcome === "ok")) this.polled.push(polled);
    }
  }
}
