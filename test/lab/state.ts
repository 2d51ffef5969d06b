import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { keyOf, withLock } from "../tools/cache";
import { run } from "../tools/run";

/** One host as the lab remembers it; what a reinstallation keeps is in here. */
export interface HostState {
  readonly name: string;
  readonly address: string;
  readonly user: string;
  /** The sudo password's crypt(3) hash; the password itself is kept nowhere. */
  readonly passwordHash: string;
  /** The jump host that this host can be reached through. */
  readonly behind?: string;
  /** The host's second address, on the network of the hosts behind it. */
  readonly innerAddress?: string;
  readonly hostKey: string;
  /** An sshd and BusyBox, nothing else: no node, but a place for a node agent's pods. */
  readonly device?: boolean;
}

export interface LabState {
  /** The third number of the lab's networks, 10.200.N.0/24 and 10.201.N.0/24; missing until the first is made. */
  readonly subnet?: number;
  readonly hosts: Readonly<Record<string, HostState>>;
  /** The last number of each host's address: it stays with the name as long as the lab exists. */
  readonly addresses: Readonly<Record<string, number>>;
}

export interface Lab {
  readonly id: string;
  readonly dir: string;
  /** Starts the names of everything the engine keeps for this lab. */
  readonly prefix: string;
}

export const emptyLab: LabState = { hosts: {}, addresses: {} };

/** The lab of this name; the same name in another working copy is another lab. */
export function labOf(id: string): Lab {
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(id)) {
    throw new Error(`lab id ${JSON.stringify(id)}: use up to 31 lower-case letters, digits and dashes`);
  }
  const dir = join(resolve(process.env.LAB_STATE || ".lab"), id);
  return { id, dir, prefix: `pulumi-kubeadm-${id}-${keyOf(dir).slice(0, 6)}` };
}

export function loadState(lab: Lab): LabState {
  const file = join(lab.dir, "lab.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as LabState) : emptyLab;
}

/** Changes the state while no other command line changes it. */
export async function changeState(lab: Lab, change: (state: LabState) => LabState | Promise<LabState>) {
  await mkdir(lab.dir, { recursive: true, mode: 0o700 });
  return await withLock(`${lab.dir}.lock`, async () => {
    const state = await change(loadState(lab));
    const file = join(lab.dir, "lab.json");
    await writeFile(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
    return state;
  });
}

export async function forgetLab(lab: Lab): Promise<void> {
  await rm(lab.dir, { recursive: true, force: true });
  await rm(`${lab.dir}.lock`, { force: true });
}

export function identityFile(lab: Lab): string {
  return join(lab.dir, "id_ed25519");
}

/** The public half of the lab's own key, made when there is none. */
export async function publicKey(lab: Lab): Promise<string> {
  const file = identityFile(lab);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await withLock(`${lab.dir}.lock`, async () => {
    if (existsSync(file)) return;
    await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", `lab ${lab.id}`, "-f", file]);
  });
  return readFileSync(`${file}.pub`, "utf8").trim();
}

export function hostOf(lab: Lab, state: LabState, name: string): HostState {
  const host = state.hosts[name];
  if (host === undefined) {
    const known = Object.keys(state.hosts).join(", ") || "no host";
    throw new Error(`lab ${lab.id} has no host ${name} (it has ${known}): run \`lab up ${name}\` first`);
  }
  return host;
}
