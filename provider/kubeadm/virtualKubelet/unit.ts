// The agent's systemd unit, one file for each node: what it may touch depends on where its pods run. Pure.
import type { HostFile } from "../registries";
import { agentPaths, agentProgram } from "./names";
import type { ProviderKind } from "./spec";

export interface AgentUnit {
  name: string;
  kind: ProviderKind;
  /** Of the program: another one is another unit, which is what rolls the agent. */
  sha256: string;
  /** Of a serial line. */
  device?: string | undefined;
}

/**
 * Root without any of root's privileges: the credentials are files that only root reads, and everything else of root's is hidden or
 * cannot be written. A socket of a container runtime is root's as well.
 */
export function agentUnit({ name, kind, sha256, device }: AgentUnit): HostFile {
  const paths = agentPaths(name);
  const lines = [
    "# Managed by pulumi-kubeadm.",
    "[Unit]",
    `Description=Node agent of the virtual node ${name}`,
    "Wants=network-online.target",
    "After=network-online.target",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    "Type=exec",
    `ExecStart=${agentProgram(sha256)} ${agentFlags(name, kind).join(" ")}`,
    "# What runs at the node's place goes on without the agent, and is found again.",
    "Restart=always",
    "RestartSec=2",
    "TimeoutStopSec=30",
    "UMask=0077",
    `StateDirectory=pulumi-virtual-kubelet/${name}`,
    "StateDirectoryMode=0700",
    ...confinement(kind, paths.certificates),
    ...reach(kind, device),
    "",
    "[Install]",
    "WantedBy=multi-user.target",
  ];
  return { path: paths.unit, content: `${lines.join("\n")}\n`, mode: 0o644 };
}

/** Also of what is run by hand on that machine, as the removal does. */
export function agentFlags(name: string, kind: ProviderKind): string[] {
  const { provider, kubeconfig, node } = agentPaths(name);
  return [
    `--nodename=${name}`,
    `--provider=${kind}`,
    `--provider-config=${provider}`,
    `--kubeconfig=${kubeconfig}`,
    `--config=${node}`,
  ];
}

function confinement(kind: ProviderKind, writable: string): string[] {
  return [
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    `ReadWritePaths=${writable}`,
    "InaccessiblePaths=-/etc/kubernetes -/etc/ssh -/var/lib/kubelet -/var/lib/etcd",
    // A hostPath is looked at before it is mounted, wherever it is.
    ...(kind === "cri" ? ["ProtectHome=read-only"] : ["ProtectHome=yes", "PrivateTmp=yes"]),
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    // A volume with an fsGroup gives its group to what is made in it.
    `RestrictSUIDSGID=${kind === "cri" ? "no" : "yes"}`,
    "LockPersonality=yes",
    "MemoryDenyWriteExecute=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
  ];
}

function reach(kind: ProviderKind, device: string | undefined): string[] {
  switch (kind) {
    case "cri":
      // Files of volumes belong to whom the pod says.
      return ["CapabilityBoundingSet=CAP_CHOWN CAP_FOWNER CAP_DAC_OVERRIDE", "DevicePolicy=closed"];
    case "serial":
      return ["CapabilityBoundingSet=", "DevicePolicy=closed", ...serialLines(device)];
    default:
      return ["CapabilityBoundingSet=", "PrivateDevices=yes"];
  }
}

/** By kind, because a line that is plugged in again is another device. */
function serialLines(device: string | undefined): string[] {
  const kinds = ["ttyS", "ttyUSB", "ttyACM", "ttyAMA", "pts"].map((kind) => `DeviceAllow=char-${kind} rw`);
  return [...kinds, ...(device === undefined ? [] : [`DeviceAllow=${device} rw`])];
}
