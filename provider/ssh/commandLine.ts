// The one place where a command gets what every command on a host has: root, a mark, a deadline.
import { randomBytes } from "node:crypto";
import type { Connection } from "../kubeadm/spec";
import { commandLine } from "../lib/shell";
import { currentRun, runVariable, sharedVariable, stepVariable, waitVariable } from "./run";

export type Root = { by: "login" } | { by: "sudo"; password: string | undefined };

/** How this connection becomes root. */
export function rootOf(connection: Connection): Root {
  const { sudo, user = "root" } = connection;
  if (typeof sudo === "object") return { by: "sudo", password: sudo.password };
  return (sudo ?? user !== "root") ? { by: "sudo", password: undefined } : { by: "login" };
}

export interface RemoteCommand {
  argv: readonly string[];
  step: number;
  timeoutMs: number;
  env?: Readonly<Record<string, string>> | undefined;
  mustFinish?: boolean | undefined;
  /** Not under the host's lease: another run leaves it alone. */
  shared: boolean;
  /** Reads no input: a wrong password then costs one attempt and sees nothing else. */
  noInput?: boolean | undefined;
}

/** Login shells and sudo policies differ in what they set; steps need the system's programs and the same language. */
const basics = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", LC_ALL: "C" };
/** The kernel takes 128 KiB as one argument, and the whole line is one to the login shell. */
const longest = 120 * 1024;

/** `preface` goes to standard input before the command's own. */
export function remoteLine(root: Root, command: RemoteCommand): { line: string; preface: string | undefined } {
  const seconds = Math.ceil(command.timeoutMs / 100) / 10;
  const marked = ["env", ...marks(command), "timeout", "-k", "5", String(seconds), ...command.argv];
  const { argv, preface } = asRoot(root, marked, command.noInput ?? false);
  const line = commandLine(argv);
  if (Buffer.byteLength(line) > longest)
    throw new RangeError("a command line over 120 KiB: long content goes to standard input");
  return { line, preface };
}

function marks(command: RemoteCommand): string[] {
  const variables: Record<string, string> = {
    ...basics,
    ...command.env,
    [runVariable]: currentRun().id,
    [stepVariable]: String(command.step),
    ...(command.mustFinish ? { [waitVariable]: "1" } : {}),
    ...(command.shared ? { [sharedVariable]: "1" } : {}),
  };
  return Object.entries(variables).map(([key, value]) => `${key}=${value}`);
}

/**
 * sudo reads one line of standard input when it asks for a password, and none when its policy asks for nothing. Either
 * way the command finds its own input untouched: what is left of ours is skipped up to a mark. `-k` makes sudo ignore
 * a ticket, so that it asks whenever it can.
 */
function asRoot(
  root: Root,
  argv: readonly string[],
  noInput: boolean,
): { argv: readonly string[]; preface: string | undefined } {
  if (root.by === "login") return { argv, preface: undefined };
  if (root.password === undefined) return { argv: ["sudo", "-n", "--", ...argv], preface: undefined };
  const sudo = ["sudo", "-k", "-S", "-p", "", "--"];
  if (noInput) return { argv: [...sudo, ...argv], preface: `${root.password}\n` };
  const mark = randomBytes(12).toString("hex");
  const skip = `while IFS= read -r line; do if [ "$line" = ${mark} ]; then exec "$@"; fi; done; exit 97`;
  return {
    argv: [...sudo, "sh", "-c", skip, "sh", ...argv],
    preface: `${root.password}\n${mark}\n`,
  };
}
