// Operating system, architecture, root, systemd: what everything else builds on.
import { operatingSystem, operatingSystems } from "../host/os/os";
import type { Check } from "./check";

const supported = operatingSystems.map((os) => os.supported).join("; ");

export const operatingSystemIsSupported: Check = ({ facts: { os } }) => {
  const family = operatingSystem(os);
  if (family?.supports(os)) return [];
  const what = family === undefined ? "of a family that is not supported" : "too old";
  return [
    { check: "OperatingSystem", text: `runs ${os.pretty}, which is ${what}`, remedy: `use one of: ${supported}` },
  ];
};

export const architectureIsSupported: Check = ({ facts: { architecture } }) => {
  if (["x86_64", "amd64", "aarch64", "arm64"].includes(architecture)) return [];
  return [
    {
      check: "Architecture",
      text: `is a ${architecture} machine`,
      remedy: "use an amd64 (x86_64) or arm64 (aarch64) machine",
    },
  ];
};

export const commandsRunAsRoot: Check = ({ facts }) => {
  if (facts.root) return [];
  return [
    {
      check: "IsPrivilegedUser",
      text: "does not let us run commands as root",
      remedy:
        "connect as root, or as a user who may use sudo (`connection.sudo`, with its password where sudo asks for one)",
    },
  ];
};

export const systemdRuns: Check = ({ facts: { init } }) => {
  if (init === "systemd") return [];
  return [
    {
      check: "Systemd",
      text: `is run by ${init || "something unknown"}, not by systemd`,
      remedy: "use a system that boots with systemd",
    },
  ];
};

export const ipIsThere: Check = ({ facts: { programs } }) => {
  if (programs.ip) return [];
  return [
    {
      check: "FileExisting-ip",
      text: "has no program `ip`",
      remedy: "install the package iproute2 (Debian, Ubuntu) or iproute (RHEL family)",
    },
  ];
};
