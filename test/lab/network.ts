import { type Engine, engineCall } from "./engine";
import type { HostState, Lab, LabState } from "./state";

const subnets = 256;

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
      ...["network", "create", "--internal", "--subnet", range, "--gateway", addressOn(kind, subnet, 1)],
      ...["--label", `pulumi-kubeadm.lab=${lab.prefix}`, ...engine.networkOptions, networkName(lab, kind)],
    ],
    { accept: [0, 1, 125] },
  );
  if (code === 0) return true;
  if (/already used|overlaps|already being used/.test(stderr)) return false;
  throw new Error(`network ${range} could not be made: ${stderr.trim()}`);
}

/** The routes of one host, in the words of ip-route(8). */
export function routesOf(state: LabState, host: HostState): string[] {
  const { subnet } = state;
  if (subnet === undefined) return [];
  const jump = Object.values(state.hosts).find((other) => other.innerAddress !== undefined);
  const inner = `${addressOn("inner", subnet, 0)}/24`;
  if (host.behind !== undefined) {
    const via = state.hosts[host.behind]?.innerAddress;
    // The engine gives the machine an address on this network too; without a way back the jump host is the only one in.
    const shut = `blackhole ${addressOn("inner", subnet, 1)}/32`;
    return via === undefined ? [shut] : [`default via ${via}`, shut];
  }
  const out = `default via ${addressOn("outer", subnet, 1)}`;
  if (jump === undefined || jump.name === host.name) return [out];
  return [out, `${inner} via ${jump.address}`];
}
