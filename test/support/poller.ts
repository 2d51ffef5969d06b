// Clients that never stop asking while a test changes a cluster: what they saw is told for each part of the test.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { beatMs, describeReport, type Polled, type PollReport, parsePolled, reportOf } from "./pollReport";
import type { TestLab } from "./testLab";

/** A backend that is gone fails later still; a busy machine that starts three programs for each request does not fail by this. */
const servicePatienceMs = 5000;

/** One HTTP request over bash's own TCP, as a bare host has no curl; a new process each, so that one that hangs is ended. */
const request = `exec 3<>"/dev/tcp/$0/$1" && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && head -c 12 <&3`;
// bash's own sleep is a read that nobody answers; one that ends says that whoever asked is gone.
const loop = `
address=$1 port=$2
now() { local t=\${EPOCHREALTIME/[.,]/}; echo "\${t%???}"; }
ask() {
  local start answer outcome=ok
  start=$(now)
  answer=$(timeout ${servicePatienceMs / 1000} bash -c "$3" "$1" "$2" 2>/dev/null)
  case "$?/$answer" in
    0/"HTTP/1."?" 200") ;;
    124/*) outcome=timeout ;;
    0/"HTTP/"*) outcome="status-\${answer##* }" ;;
    *) outcome=no-answer ;;
  esac
  echo "$start $(($(now) - start)) $outcome"
}
while :; do
  read -r -t ${beatMs / 1000}
  [ "$?" -gt 128 ] || exit 0
  ask "$address" "$port" "$3" &
done`;

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
  static api(address: string, port: number): Poller {
    const argv = [join(__dirname, "apiPoll.js"), address, String(port)];
    return new Poller(
      `API at ${address}:${port}`,
      spawn(process.execPath, argv, { stdio: ["pipe", "pipe", "inherit"] }),
    );
  }

  /** Asks a web Service from inside a lab host, which should be one that stays. */
  static service(lab: TestLab, host: string, address: string, port = 80): Poller {
    const child = lab.start(host, ["bash", "-c", loop, "bash", address, String(port), request]);
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
