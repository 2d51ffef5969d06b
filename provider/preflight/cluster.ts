// A machine belongs to at most one cluster, as one node. Never waived.
import { claimPath } from "../host/journal";
import { isRemoved } from "../kubeadm/removed";
import type { Candidate, Check } from "./check";

const clean = `run \`kubeadm reset\` on it and remove ${claimPath.slice(0, claimPath.lastIndexOf("/"))}, /etc/kubernetes, /var/lib/etcd and /var/lib/kubelet`;

function foundOn({ facts: { kubernetes, units } }: Candidate): string[] {
  const running = units.filter((unit) => /^(kubelet|k3s|rke2)/.test(unit)).map((unit) => `${unit}.service running`);
  const server = kubernetes.server === "" ? [] : [`a kubelet of ${kubernetes.server}`];
  return [...kubernetes.found, ...running, ...server];
}

export const belongsToNoOtherCluster: Check = (candidate, { clusterId }) => {
  const { claim } = candidate.facts.kubernetes;
  const found = foundOn(candidate);
  if (claim === "unreadable") {
    return [
      {
        check: "OtherCluster",
        text: `belongs to a cluster that cannot be told: ${claimPath} is damaged`,
        remedy: `if that cluster is gone, ${clean}`,
      },
    ];
  }
  if (claim === undefined) {
    if (found.length === 0) return [];
    const text = `is part of a cluster already, or was and was not cleaned up (found: ${found.join(", ")})`;
    return [{ check: "OtherCluster", text, remedy: `take it out of that cluster; if that one is gone, ${clean}` }];
  }
  if (claim.clusterId === clusterId) return [];
  const also = found.length === 0 ? "" : `; found: ${found.join(", ")}`;
  const text = `is node ${claim.node} of another cluster, ${claim.clusterId} (${claimPath}${also})`;
  return [
    {
      check: "OtherCluster",
      text,
      remedy: `take it out of the program that made that cluster; if that one is gone, ${clean}`,
    },
  ];
};

export const isNoOtherNode: Check = (candidate, { clusterId, removed = {} }) => {
  const { claim } = candidate.facts.kubernetes;
  if (typeof claim !== "object" || claim.clusterId !== clusterId || claim.node === candidate.name) return [];
  // The cluster has given that node up: what is left of it on the machine is cleaned before the new one joins.
  if (isRemoved(removed, claim.node, candidate.machineId)) return [];
  return [
    {
      check: "OtherNode",
      text: `is node ${claim.node} of this cluster still`,
      remedy: `take ${claim.node} out of the program and run \`pulumi up\`, then add ${candidate.name}; or keep the name ${claim.node}`,
    },
  ];
};

export const carriesNoAgents: Check = ({ controlPlane, facts }) => {
  if (!controlPlane || facts.agents.length === 0) return [];
  return [
    {
      check: "NodeAgent",
      text: `runs the agents of virtual nodes (${facts.agents.join(", ")}), and those never run on a control plane`,
      remedy: "give these virtual nodes another machine, run `pulumi up`, and then make this one a control plane",
    },
  ];
};

export const isTheRecordedMachine: Check = ({ facts, machineId }) => {
  if (facts.machineId === machineId) return [];
  return [
    {
      check: "SameMachine",
      text: `is not the machine that was recorded for this node (machine-id ${facts.machineId}, not ${machineId}): reinstalled, or another one under its address`,
      remedy:
        "put the recorded machine back, or record this one: `pulumi up --replace URN`, with the URN of the node's Machine",
    },
  ];
};
