// What no two machines of one cluster may share: name, machine-id, address; and what clones often do.
import type { Candidate, Check, Fleet } from "./check";

const nameOf = ({ facts, hostname }: Candidate): string => (hostname ?? facts.hostname).toLowerCase();

function others(candidate: Candidate, fleet: Fleet, value: (other: Candidate) => string): string[] {
  const mine = value(candidate);
  return fleet.candidates
    .filter((other) => other.name !== candidate.name && value(other) === mine)
    .map(({ name }) => name);
}

function peersWith(candidate: Candidate, fleet: Fleet, field: "machineId" | "address", mine: string): string[] {
  const asked = new Set(fleet.candidates.map(({ name }) => name));
  return fleet.peers
    .filter((peer) => peer.name !== candidate.name && !asked.has(peer.name) && peer[field] === mine)
    .map(({ name }) => name);
}

export const hostnameIsUnique: Check = (candidate, fleet) => {
  const same = others(candidate, fleet, nameOf);
  if (same.length === 0) return [];
  return [
    {
      check: "UniqueHostname",
      text: `has the same host name as ${same.join(", ")}: ${nameOf(candidate)}`,
      remedy: "set the node's `hostname`, or rename the machine",
    },
  ];
};

export const machineIdIsUnique: Check = (candidate, fleet) => {
  const id = candidate.facts.machineId;
  const same = [
    ...others(candidate, fleet, ({ facts }) => facts.machineId),
    ...peersWith(candidate, fleet, "machineId", id),
  ];
  if (id !== "" && same.length === 0) return [];
  const text =
    id === ""
      ? "has no machine-id"
      : `has the same machine-id as ${same.join(", ")}: the same machine, or clones of one`;
  return [
    {
      check: "UniqueMachineID",
      text,
      remedy:
        "list each machine once; on a clone remove /etc/machine-id and /var/lib/dbus/machine-id, run `systemd-machine-id-setup` and reboot",
    },
  ];
};

export const addressIsUnique: Check = (candidate, fleet) => {
  const same = [
    ...others(candidate, fleet, ({ address }) => address),
    ...peersWith(candidate, fleet, "address", candidate.address),
  ];
  if (same.length === 0) return [];
  return [
    {
      check: "UniqueAddress",
      text: `has the same address as ${same.join(", ")}: ${candidate.address}`,
      remedy: "list each machine once, or set the node's `address`",
    },
  ];
};

export const productUuidIsUnique: Check = (candidate, fleet) => {
  const same = others(candidate, fleet, ({ facts }) => facts.productUuid);
  if (candidate.facts.productUuid === "" || same.length === 0) return [];
  return [
    {
      check: "UniqueProductUUID",
      warning: true,
      text: `has the same product uuid as ${same.join(", ")}`,
      remedy:
        "give clones of a virtual machine uuids of their own, if something in the cluster tells nodes apart by it",
    },
  ];
};
