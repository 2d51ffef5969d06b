// From the command's words to the connection that the provider's own SSH takes. Keys nobody knows are refused, never recorded.
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Connection, Hop } from "../kubeadm/spec";
import { UserError } from "../lib/errors";
import type { Login, RecoverArguments } from "./arguments";
import { knownKeys } from "./knownHosts";
import type { Terminal } from "./terminal";

export async function connectionOf(args: RecoverArguments, terminal: Terminal): Promise<Connection> {
  const known = await knownHosts(args.knownHosts);
  const privateKey = args.key === undefined ? undefined : await content(args.key, "--key");
  const passphrase = await keyPassphrase(args, privateKey, terminal);
  const sudo = args.sudoPasswordFile && (await secretIn(args.sudoPasswordFile, "--sudo-password-file"));
  const hop = ({ host, user, port }: Login, proxy: Hop | undefined, pinned?: string): Hop => {
    const hostKey = pinned ?? knownKeys(known, host, port);
    return {
      host,
      user,
      port,
      unknownHostKey: "refuse",
      ...(privateKey === undefined ? {} : { privateKey }),
      ...(passphrase === undefined ? {} : { privateKeyPassword: passphrase }),
      ...(hostKey === undefined ? {} : { hostKey }),
      ...(proxy === undefined ? {} : { proxy }),
    };
  };
  const proxy = args.jumps.reduce<Hop | undefined>((before, jump) => hop(jump, before), undefined);
  const connection = hop(args.login, proxy, args.hostKey);
  return sudo ? { ...connection, sudo: { password: sudo } } : connection;
}

async function knownHosts(file: string | undefined): Promise<string> {
  if (file !== undefined) return content(file, "--known-hosts");
  try {
    return await readFile(join(homedir(), ".ssh", "known_hosts"), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

async function keyPassphrase(
  { keyPassphraseFile: file, key }: RecoverArguments,
  privateKey: string | undefined,
  terminal: Terminal,
): Promise<string | undefined> {
  if (file !== undefined) return secretIn(file, "--key-passphrase-file");
  if (privateKey === undefined || !isLocked(privateKey)) return undefined;
  return terminal.secret(`Passphrase of ${key}: `, "--key-passphrase-file");
}

/** PEM says so in words, OpenSSH's own format in the name of its cipher. */
function isLocked(key: string): boolean {
  if (key.includes("ENCRYPTED")) return true;
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(key)?.[1];
  if (body === undefined) return false;
  const blob = Buffer.from(body.replace(/\s/g, ""), "base64");
  const cipher = blob.toString("latin1", 19, 19 + blob.readUInt32BE(15));
  return cipher !== "none";
}

/** A file with a secret: its last line feed is the editor's. */
export async function secretIn(file: string, flag: string): Promise<string> {
  const secret = (await content(file, flag)).replace(/\r?\n$/, "");
  if (secret === "") throw new UserError(`${flag}: ${file} is empty`);
  return secret;
}

async function content(file: string, flag: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new UserError(`${flag}: ${file} cannot be read: ${(cause as Error).message}`, undefined, { cause });
  }
}
