import { type Engine, engineCall } from "./engine";
import type { HostState, Lab, LabState } from "./state";

const subnets = 256;
/** Last numbers of addresses that are not a host's. */
const gateway = 1;
const noOne = 254;

/** The network of all hosts, and the one of the hosts behind a jump host. */
export type NetworkKind = "outer" | "inner";

export function networkName(lab: Lab, kind: NetworkKind): string {
  return `${lab.prefix}-${kind}`;
}

export function addressOn(kind: NetworkKind, subnet: number, host: number): string {
  return `10.${kind === "outer" ? 200 : 201}.${subnet}.${host}`;
}

/** Makes the lab's networks, on the first pair of subnets that the engine says is free. */
export async function createNetworks(engine: Engine, lab: Lab): Promise<number> {
  const first = Number.parseInt(lab.prefix.slice(-2), 16) || 0;
  for (let tried = 0; tried < subnets; tried++) {
    const subnet = (first + tried) % subnets;
    if (await createNetwork(engine, lab, "outer", subnet)) {
      if (await createNetwork(engine, lab, "inner", subnet)) return subnet;
      await engineCall(engine, ["network", "rm", networkName(lab, "outer")]);
    }
  }
  throw new Error(`no subnet of 10.200.0.0/16 is free for lab ${lab.id}: end labs that are no longer needed`);
}

async function createNetwork(engine: Engine, lab: Lab, kind: NetworkKind, subnet: number): Promise<boolean> {
  const range = `${addressOn(kind, subnet, 0)}/24`;
  const { code, stderr } = await engineCall(
    engine,
    [
      ...["network", "create", "--internal", "--subnet", range, "--gateway", addressOn(kind, subnet, gateway)],
      ...["--label", `pulumi-kubeadm.lab=${lab.prefix}`, ...engine.networkOptions, networkName(lab, kind)],
    ],
    { accept: [0, 1, 125] },
  );
  if (code === 0) return true;
  if (/already used|overlaps|already being used/.test(stderr)) return false;
  throw new Error(`network ${range} could not be made: ${stderr.trim()}`);
}

/** The name server in the hosts' resolv.conf: an address on the host's own network that nothing ever answers at. */
export function nameServerOf(state: LabState, host: HostState): string {
  return addressOn(host.behind === undefined ? "outer" : "inner", state.subnet ?? 0, noOne);
}

/** The routes of one host, in the words of ip-route(8). */
export function routesOf(state: LabState, host: HostState): string[] {
  const { subnet } = state;
  if (subnet === undefined) return [];
  // Refused at once, so that no look-up waits for it.
  const noNames = `unreachable ${nameServerOf(state, host)}/32`;
  return [
    noNames,
    ...(host.behind === undefined ? outerRoutes(state, subnet, host) : innerRoutes(state, subnet, host)),
  ];
}

function outerRoutes(state: LabState, subnet: number, host: HostState): string[] {
  const out = `default via ${addressOn("outer", subnet, gateway)}`;
  const jump = Object.values(state.hosts).find((other) => other.innerAddress !== undefined);
  if (jump === undefined || jump.name === host.name) return [out];
  return [out, `${addressOn("inner", subnet, 0)}/24 via ${jump.address}`];
}

function innerRoutes(state: LabState, subnet: number, host: HostState): string[] {
  // The engine gives the machine an address on this network too; without a way back the jump host is the only one in.
  const shut = `blackhole ${addressOn("inner", subnet, gateway)}/32`;
  const via = host.behind === undefined ? undefined : state.hosts[host.behind]?.innerAddress;
  return via === undefined ? [shut] : [`default via ${via}`, shut];
}
