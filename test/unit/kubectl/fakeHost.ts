// A host on which only kubectl runs, answered by the test.
import type { Host, RunOptions, RunResult } from "../../../provider/host/host";

export interface Asked {
  /** What follows kubectl's global options. */
  argv: string[];
  all: readonly string[];
  stdin: string | undefined;
}

export type Answer = string | object | { code: number; stderr: string };

export interface FakeHost extends Host {
  readonly asked: Asked[];
}

export function fakeHost(answer: (asked: Asked) => Answer, name = "cp1"): FakeHost {
  const asked: Asked[] = [];
  const unused = () => Promise.reject(new Error("only kubectl runs here"));
  const run = async (argv: readonly string[], options: RunOptions = {}): Promise<RunResult> => {
    const first = argv.findIndex((word) => word.startsWith("--request-timeout"));
    const question = { argv: argv.slice(first + 1), all: argv, stdin: options.stdin?.toString() };
    asked.push(question);
    const given = answer(question);
    if (typeof given === "string") return { code: 0, stdout: given, stderr: "" };
    if ("code" in given && "stderr" in given)
      return { code: Number(given.code), stdout: "", stderr: String(given.stderr) };
    return { code: 0, stdout: JSON.stringify(given), stderr: "" };
  };
  return {
    name,
    label: `${name} (10.0.0.1)`,
    asked,
    run,
    sh: unused,
    readFile: unused,
    writeFile: unused,
    upload: unused,
  };
}

export function refused(reason: string, message = "no"): Answer {
  return { code: 1, stderr: `Error from server (${reason}): ${message}` };
}

export const unavailable: Answer = { code: 1, stderr: "The connection to the server 10.0.0.1:6443 was refused" };
