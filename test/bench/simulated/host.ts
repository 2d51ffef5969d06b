// What a host that is played has to remember.
import type { Cluster } from "./cluster";

export interface SimulatedHost {
  readonly name: string;
  readonly index: number;
  readonly controlPlane: boolean;
  readonly cluster: Cluster;
  readonly machineId: string;
  readonly address: string;
  /** Content by path of what was written whole. */
  readonly files: Map<string, string>;
  readonly images: Set<string>;
  claim: string;
  packages: boolean;
  runtime: boolean;
  joined: boolean;
}

export function newHost(name: string, index: number, controlPlane: boolean, cluster: Cluster): SimulatedHost {
  return {
    name,
    index,
    controlPlane,
    cluster,
    machineId: (0x10000000000000 + index).toString(16).padStart(32, "a"),
    address: `10.99.${Math.floor(index / 250)}.${(index % 250) + 1}`,
    files: new Map(),
    images: new Set(),
    claim: "",
    packages: false,
    runtime: false,
    joined: false,
  };
}
