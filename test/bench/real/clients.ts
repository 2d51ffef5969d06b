// What a client of the API sees, with a new connection every 100 ms, while something is done to the cluster.
import { setTimeout as sleep } from "node:timers/promises";
import { Poller } from "../../support/poller";
import { describeReport, type PollReport } from "../../support/pollReport";
import type { TestLab } from "../../support/testLab";
import { say } from "../../tools/run";

export interface Watched<T> {
  result: T;
  seen: PollReport;
}

export async function watched<T>(what: string, address: string, port: number, work: () => Promise<T>) {
  const poller = await Poller.api(address, port);
  try {
    // What goes before its first answer does not count.
    while (poller.report().requests === 0) await sleep(100);
    const result = await work();
    const seen = await poller.stop();
    say(`${what}: ${describeReport(seen)}`);
    return { result, seen } satisfies Watched<T>;
  } finally {
    await poller.stop();
  }
}

/** Which of these hosts has the address. */
export async function holderOf(lab: TestLab, names: readonly string[], address: string): Promise<string> {
  for (const name of names) if ((await lab.sh(name, `ip -o address show to ${address}`)) !== "") return name;
  throw new Error(`none of ${names.join(", ")} holds ${address}`);
}
