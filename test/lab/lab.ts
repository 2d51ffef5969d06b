import { run } from "../tools/run";
import { removeEmptyCgroups } from "./cgroup";
import { connectInner, containerName, containerState, hostImage, removeContainer } from "./container";
import { type Engine, engineCall, hostsCgroup } from "./engine";
import { refreshRoutes, startHost } from "./hosts";
import { countHosts, raiseInotify, restoreInotify } from "./inotify";
import { addressOn, createNetworks } from "./network";
import {
  changeState,
  forgetLab,
  type HostState,
  hostOf,
  identityFile,
  type Lab,
  type LabState,
  loadState,
} from "./state";

export interface HostWish {
  readonly user: string;
  readonly sudoPassword?: string;
  readonly behind?: string;
  readonly device?: boolean;
}

/** One line of `lab list --json`; what reads it depends on these names. */
export interface ListedHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly identityFile: string;
  readonly hostKey: string;
  readonly behind?: string;
}

const firstAddress = 11;
/** The jump host's own last number on the inner network, so that it never meets a host behind it. */
const innerOffset = 100;

/** Makes or starts hosts, side by side, and waits until one can log into each. */
export async function up(engine: Engine, lab: Lab, names: readonly string[], wish: HostWish): Promise<void> {
  await hostImage(engine);
  const passwordHash = wish.sudoPassword === undefined ? "" : await hashPassword(wish.sudoPassword);
  const before = loadState(lab);
  if (wish.behind !== undefined) hostOf(lab, before, wish.behind);
  const state = await changeState(lab, async (old) => {
    const subnet = old.subnet ?? (await createNetworks(engine, lab));
    return names.reduce<LabState>((all, name) => withHost(all, subnet, name, wish, passwordHash), { ...old, subnet });
  });
  await raiseInotify(engine, names.filter((name) => before.hosts[name] === undefined).length);
  if (wish.behind !== undefined) await openWayBehind(engine, lab, state, wish.behind);
  await Promise.all(names.map((name) => startHost(engine, lab, name)));
}

export function list(lab: Lab): ListedHost[] {
  return Object.values(loadState(lab).hosts).map((host) => ({
    name: host.name,
    address: host.address,
    port: 22,
    user: host.user,
    identityFile: identityFile(lab),
    hostKey: host.hostKey,
    ...(host.behind === undefined ? {} : { behind: host.behind }),
  }));
}

/** Removes hosts; with the last one, everything the lab has on this machine. */
export async function down(engine: Engine, lab: Lab, names: readonly string[]): Promise<void> {
  const known = Object.keys(loadState(lab).hosts);
  const leaving = names.length === 0 ? known : names;
  await Promise.all(leaving.map((name) => removeContainer(engine, lab, name)));
  const staying = known.filter((name) => !leaving.includes(name));
  if (staying.length > 0) {
    await changeState(lab, (state) => ({
      ...state,
      hosts: Object.fromEntries(Object.entries(state.hosts).filter(([name]) => staying.includes(name))),
    }));
    return;
  }
  await removeLeftovers(engine, lab);
  await forgetLab(lab);
  if ((await countHosts(engine)) > 0) return;
  await restoreInotify();
  const cgroup = hostsCgroup();
  if (cgroup !== undefined) removeEmptyCgroups(cgroup);
}

/** Puts the jump host onto the network behind it, and tells the other hosts that this is the way there. */
async function openWayBehind(engine: Engine, lab: Lab, state: LabState, jump: string): Promise<void> {
  const host = hostOf(lab, state, jump);
  if (host.innerAddress !== undefined || state.subnet === undefined) return;
  const number = (state.addresses[jump] ?? 0) + innerOffset;
  const innerAddress = addressOn("inner", state.subnet, number);
  if ((await containerState(engine, lab, jump)) !== "none") await connectInner(engine, lab, jump, innerAddress);
  const changed = await changeState(lab, (old) => ({
    ...old,
    hosts: { ...old.hosts, [jump]: { ...hostOf(lab, old, jump), innerAddress } },
  }));
  await Promise.all(Object.keys(changed.hosts).map((name) => refreshRoutes(engine, lab, changed, name)));
}

// The hash alone is kept: a reinstalled host has the same user with the same password.
async function hashPassword(password: string): Promise<string> {
  const { stdout } = await run(["openssl", "passwd", "-6", "-stdin"], { stdin: `${password}\n` });
  return stdout.trim();
}

/** Takes what the lab's state no longer knows, after a command line that was ended halfway, too. */
async function removeLeftovers(engine: Engine, lab: Lab): Promise<void> {
  const filter = ["--filter", `label=pulumi-kubeadm.lab=${lab.prefix}`];
  const containers = await lines(engine, ["ps", "--all", "--format", "{{.Names}}", ...filter]);
  for (const name of containers) await removeContainer(engine, lab, name.slice(containerName(lab, "").length));
  const networks = await lines(engine, ["network", "ls", "--format", "{{.Name}}", ...filter]);
  for (const network of networks) await engineCall(engine, ["network", "rm", network]);
}

async function lines(engine: Engine, args: readonly string[]): Promise<string[]> {
  const { stdout } = await engineCall(engine, args);
  return stdout.split("\n").filter(Boolean);
}

function withHost(state: LabState, subnet: number, name: string, wish: HostWish, passwordHash: string): LabState {
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name)) {
    throw new Error(`host name ${JSON.stringify(name)}: use up to 31 lower-case letters, digits and dashes`);
  }
  const there = state.hosts[name];
  if (there !== undefined) return state;
  const taken = Object.values(state.addresses);
  const number = state.addresses[name] ?? Math.max(firstAddress - 1, ...taken) + 1;
  const host: HostState = {
    name,
    address: addressOn(wish.behind === undefined ? "outer" : "inner", subnet, number),
    user: wish.user,
    passwordHash,
    hostKey: "",
    ...(wish.device ? { device: true } : {}),
    ...(wish.behind === undefined ? {} : { behind: wish.behind }),
  };
  return {
    ...state,
    hosts: { ...state.hosts, [name]: host },
    addresses: { ...state.addresses, [name]: number },
  };
}
