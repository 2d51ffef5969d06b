// Names of nodes that were taken out of the cluster without their host. Pure.

/** By node name: the machine-id that may have the name now; "" for none. */
export type RemovedNames = Readonly<Record<string, string>>;

/** Whether what this machine holds under this name is the rest of a node that was taken out. */
export function isRemoved(removed: RemovedNames, name: string, machineId: string): boolean {
  const admitted = removed[name];
  return admitted !== undefined && (admitted === "" || admitted !== machineId);
}
