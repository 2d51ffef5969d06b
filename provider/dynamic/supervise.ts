// This process lives as long as its engine: it gives its leases back when it is told to end, and ends when nobody is left.
import { closeHosts } from "../host/held";
import { engineAddress, watchEngine } from "./engine";

let supervised = false;

/** Only in the process that the engine started for us: a program that merely loads the package keeps its own signals. */
export function superviseProcess(): void {
  if (supervised || !engineAddress()) return;
  supervised = true;
  // Without its engine nobody hears how a step ends; the next run ends or awaits what still runs on the hosts.
  watchEngine(() => process.exit(1));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void end());
}

async function end(): Promise<void> {
  try {
    await closeHosts();
  } finally {
    process.exit(0);
  }
}
