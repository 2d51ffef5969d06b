// systemd units and the kernel's settings, as the texts of their files.
import type { HostFile } from "./registries";

/** Before distributions' directory in systemd's search order, and the administrator's to write to. */
const unitDirectory = "/etc/systemd/system";

function file(path: string, lines: readonly string[]): HostFile {
  return { path, content: `${lines.join("\n")}\n`, mode: 0o644 };
}

/** After upstream's containerd.service. */
export function containerdUnit(binary = "/usr/local/bin/containerd"): HostFile {
  return file(`${unitDirectory}/containerd.service`, [
    "[Unit]",
    "Description=containerd container runtime",
    "Documentation=https://containerd.io",
    "After=network.target dbus.service",
    "",
    "[Service]",
    "# Built in on some kernels, where there is nothing to load.",
    "ExecStartPre=-/sbin/modprobe overlay",
    `ExecStart=${binary}`,
    "Type=notify",
    "# Containers outlive a restart of the runtime.",
    "Delegate=yes",
    "KillMode=process",
    "Restart=always",
    "RestartSec=5",
    "LimitNPROC=infinity",
    "LimitCORE=infinity",
    "TasksMax=infinity",
    "OOMScoreAdjust=-999",
    "",
    "[Install]",
    "WantedBy=multi-user.target",
  ]);
}

/** After upstream's kubelet.service: it restarts until kubeadm has written its configuration. */
export function kubeletUnit(binary = "/usr/bin/kubelet"): HostFile {
  return file(`${unitDirectory}/kubelet.service`, [
    "[Unit]",
    "Description=kubelet: the Kubernetes node agent",
    "Documentation=https://kubernetes.io/docs/",
    "Wants=network-online.target",
    "After=network-online.target containerd.service",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    `ExecStart=${binary}`,
    "Restart=always",
    "RestartSec=10",
    "",
    "[Install]",
    "WantedBy=multi-user.target",
  ]);
}

/** The drop-in that kubeadm counts on (docs: "The kubelet drop-in file for systemd"). */
export function kubeadmDropIn(binary = "/usr/bin/kubelet", environmentFile = "/etc/default/kubelet"): HostFile {
  const kubeconfigs =
    "--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf";
  return file(`${unitDirectory}/kubelet.service.d/10-kubeadm.conf`, [
    "[Service]",
    `Environment="KUBELET_KUBECONFIG_ARGS=${kubeconfigs}"`,
    'Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"',
    "# Written by kubeadm init and join.",
    "EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env",
    "# KUBELET_EXTRA_ARGS of the administrator; what kubeadm wrote is before it.",
    `EnvironmentFile=-${environmentFile}`,
    "ExecStart=",
    `ExecStart=${binary} $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS`,
  ]);
}

export interface ApproverUnits {
  /** Name of both units, without suffix. */
  name: string;
  /** Path of the program on the host. */
  program: string;
  /** Seconds between runs. */
  every: number;
}

/** Approves the serving certificates of the program's nodes, also long after a run has ended. */
export function approverUnits({ name, program, every }: ApproverUnits): HostFile[] {
  const service = file(`${unitDirectory}/${name}.service`, [
    "[Unit]",
    "Description=Approve the serving certificates of this cluster's kubelets",
    "# Nothing to do before kubeadm has made this host a control plane.",
    "ConditionPathExists=/etc/kubernetes/admin.conf",
    "",
    "[Service]",
    "Type=oneshot",
    `ExecStart=${program}`,
    "# One hanging request must not hold up all later ones.",
    "TimeoutStartSec=60",
  ]);
  const timer = file(`${unitDirectory}/${name}.timer`, [
    "[Unit]",
    "Description=Look for serving certificates to approve",
    "",
    "[Timer]",
    `OnActiveSec=${every}`,
    `OnUnitInactiveSec=${every}`,
    "AccuracySec=1",
    "",
    "[Install]",
    "WantedBy=timers.target",
  ]);
  return [service, timer];
}

/** What kubelet, kube-proxy and flannel need of the kernel; loaded at boot where they are modules. */
export function kernelModules(backend: "vxlan" | "host-gw" | "none" = "none"): string[] {
  return ["overlay", "br_netfilter", ...(backend === "vxlan" ? ["vxlan"] : [])];
}

export function modulesFile(modules: readonly string[]): HostFile {
  return file("/etc/modules-load.d/pulumi-kubeadm.conf", modules);
}

/** Pods' traffic crosses bridges and is routed; with IPv6 that has to be said a second time. */
export function sysctls(families: readonly (4 | 6)[]): Record<string, string> {
  return {
    "net.bridge.bridge-nf-call-iptables": "1",
    "net.bridge.bridge-nf-call-ip6tables": "1",
    "net.ipv4.ip_forward": "1",
    ...(families.includes(6) ? { "net.ipv6.conf.all.forwarding": "1" } : {}),
  };
}

/** Late in the order, so that a distribution's own file does not win. */
export function sysctlFile(values: Readonly<Record<string, string>>): HostFile {
  const lines = Object.entries(values).map(([key, value]) => `${key} = ${value}`);
  return file("/etc/sysctl.d/99-pulumi-kubeadm.conf", lines);
}
