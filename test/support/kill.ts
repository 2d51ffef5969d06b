// A run that is killed at a line of its own progress, as a user's machine would be lost.
import assert from "node:assert/strict";
import { endAll, providersOf } from "./processes";
import { ending, type Stack } from "./stack";

export type Victim = "cli" | "provider" | "both";

/** Starts an operation, kills what is named once a line says that it is there, and waits until all of it is gone. */
export async function killedAt(
  stack: Stack,
  args: readonly string[],
  at: RegExp,
  victim: Victim,
  onLine?: (line: string) => void,
): Promise<string> {
  const child = stack.start([...args, "--yes", "--skip-preview", "--color", "never"]);
  let providers: number[] = [];
  const outcome = await ending(child, (line) => {
    stack.options.onLine?.(line);
    onLine?.(line);
    if (providers.length > 0 || !at.test(line)) return;
    providers = providersOf(child.pid ?? 0);
    assert.notEqual(providers.length, 0, "no provider process was found");
    if (victim !== "provider") child.kill("SIGKILL");
    if (victim !== "cli") for (const pid of providers) process.kill(pid, "SIGKILL");
  });
  assert.notEqual(providers.length, 0, `no line said ${at}:\n${outcome.output}`);
  assert.notEqual(outcome.code, 0, outcome.output);
  // Alone, a provider ends by itself within seconds.
  await endAll(providers, 10_000);
  await stack.run(["cancel", "--yes"]);
  return outcome.output;
}
