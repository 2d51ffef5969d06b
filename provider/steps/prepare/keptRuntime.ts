// Whether a runtime that was there before can serve Kubernetes as it is; nothing of it is changed.
import type { PrepareContext } from "./context";

/** What the effective configuration says; containerd prints it as TOML, one key per line. */
export function runtimeProblems(config: string, cgroupDriver: "systemd" | "cgroupfs"): string[] {
  const problems: string[] = [];
  const disabled = /^\s*disabled_plugins\s*=\s*\[([^\]]*)\]/m.exec(config)?.[1] ?? "";
  if (/["'](io\.containerd\.grpc\.v1\.)?cri["']/.test(disabled)) {
    problems.push("the container runtime on the host has its CRI plugin disabled (disabled_plugins)");
  }
  const systemd = /^\s*SystemdCgroup\s*=\s*true/m.test(config);
  if (systemd !== (cgroupDriver === "systemd")) {
    const has = systemd ? "systemd" : "cgroupfs";
    problems.push(
      `the container runtime on the host uses the ${has} cgroup driver, the kubelet is configured for ${cgroupDriver}`,
    );
  }
  return problems;
}

export async function keptRuntimeProblems({ host, plan }: PrepareContext): Promise<string[]> {
  // May hold registry credentials.
  const { stdout } = await host.run(["containerd", "config", "dump"], { secretOutput: true });
  return runtimeProblems(stdout, plan.cgroupDriver);
}
