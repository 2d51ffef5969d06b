// `pulumi-kubeadm recover`: the words, the way to the host, what was found, the question, and the recipe.
import { access } from "node:fs/promises";
import { gatherFacts } from "../host/facts";
import { closeHosts } from "../host/held";
import { openMachine } from "../host/open";
import type { Connection, Target } from "../kubeadm/spec";
import { HostKeyError, UserError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { rememberSecret } from "../lib/redact";
import { type RecoverRequest, recover } from "../recipes/recover";
import type { BackupChoice } from "../steps/recover/fetchBackup";
import { type RecoverArguments, recoverArguments } from "./arguments";
import { connectionOf, secretIn } from "./connection";
import { describeBegun, describeDone, describeFound } from "./describe";
import type { Terminal } from "./terminal";

/** undefined: help was asked for. Otherwise what to print. */
export async function recoverCommand(words: readonly string[], terminal: Terminal): Promise<string | undefined> {
  const args = recoverArguments(words);
  if (args === undefined) return undefined;
  const progress = progressOn(terminal);
  const backup = await backupChoice(args, terminal);
  const connection = await connectionOf(args, terminal);
  try {
    const target = await targetOf(connection, progress);
    const plan = await recover({
      name: "control plane",
      target,
      backup,
      address: args.address,
      timeouts: undefined,
      progress,
      agree: agreement(args, terminal),
    });
    if (plan === undefined) throw new UserError("nothing was changed");
    return describeDone(plan);
  } finally {
    await closeHosts();
  }
}

/** A line for each thing that is new: who waits says the same again and again. */
function progressOn(terminal: Terminal): Progress {
  let last: string | undefined;
  return {
    say: (text) => {
      if (text !== last) terminal.say(text);
      last = text;
    },
    warn: (text) => terminal.say(`warning: ${text}`),
  };
}

/** Who the machine is: the same look as the program's, with keys that are known beforehand. */
async function targetOf(connection: Connection, progress: Progress): Promise<Target> {
  progress.say(`connecting to ${connection.host}`);
  try {
    return await openMachine({ name: "control plane", connection, progress }, async (host, hostKeys) => {
      const { machineId } = await gatherFacts(host);
      return { connection, hostKeys, machineId, address: connection.host };
    });
  } catch (error) {
    if (!(error instanceof HostKeyError)) throw error;
    const remedy = error.remedy?.replaceAll("set connection.hostKey to", "give --host-key");
    const [what = ""] = error.message.split("\n  What to do:");
    throw new HostKeyError(what, remedy, { cause: error });
  }
}

function agreement({ yes }: RecoverArguments, terminal: Terminal): RecoverRequest["agree"] {
  return async (found) => {
    terminal.say(`\n${"begun" in found ? describeBegun(found.begun) : describeFound(found, new Date())}`);
    if (yes) return true;
    return (await terminal.ask('Type "yes" to recover the cluster this way: ')).trim() === "yes";
  };
}

/** "latest" and names of backups hold neither a dot nor a slash; whatever is there as a file is one. */
async function backupChoice(args: RecoverArguments, terminal: Terminal): Promise<BackupChoice | undefined> {
  const { backup, passphraseFile } = args;
  if (backup === undefined) return undefined;
  if (!/[./]/.test(backup)) return { name: backup };
  await access(backup).catch((cause: unknown) => {
    throw new UserError(`--backup: there is no file ${backup}`, "name a copy, or a backup on the host", { cause });
  });
  const passphrase = async (): Promise<string> => {
    const secret = await givenPassphrase(passphraseFile, terminal);
    rememberSecret(secret);
    return secret;
  };
  return { file: backup, passphrase };
}

async function givenPassphrase(file: string | undefined, terminal: Terminal): Promise<string> {
  if (file === "-") return (await terminal.input()).replace(/\r?\n$/, "");
  if (file !== undefined) return secretIn(file, "--passphrase-file");
  return terminal.secret("Passphrase of the backup: ", "--passphrase-file");
}
