// The preparation of a host.

import { factsScript } from "../../../provider/host/factsScript";
import { claimScript } from "../../../provider/host/undo/before";
import { versions } from "../../tools/versions";
import { factsOf, packagesOf } from "./facts";
import { type Asked, program, type Rule, scriptIs, scriptWith } from "./rule";
import { imagesOf } from "./source";

function survey({ host, command: { args } }: Asked): string {
  const [, , modules = "", units = ""] = args;
  const sections: [string, string[]][] = [
    ["claim", [host.claim]],
    ["entries", []],
    ["placed", []],
    ["files", []],
    ["sysctls", []],
    ["modules", modules.split(" ")],
    ["units", units.split(" ").map((unit) => `${unit} none inactive`)],
    ["runtime", host.runtime ? [`v${versions.containerd}`] : []],
    ["images", [...host.images]],
    ["program", []],
    ["hostname", [host.name]],
    ["downloader", []],
  ];
  return sections.map(([name, lines]) => `\n@@ ${name}\n${lines.join("\n")}\n`).join("");
}

/** Which image came is in its archive; that as many came as are listed is what the provider checks. */
function imported({ host }: Asked): string {
  const next = imagesOf(host).find((ref) => !host.images.has(ref));
  if (next) host.images.add(next);
  return "";
}

export const prepareRules: readonly Rule[] = [
  { name: "facts", ms: 150, matches: scriptIs(factsScript), answer: ({ host }) => factsOf(host) },
  { name: "survey", ms: 100, matches: scriptWith("section placed"), answer: survey },
  {
    name: "claim",
    ms: 20,
    matches: scriptIs(claimScript),
    answer: ({ host, command }) => {
      host.claim = command.args[0] ?? "";
      return "";
    },
  },
  { name: "images pinned", ms: 50, matches: scriptWith("images label") },
  { name: "sysctls", matches: scriptWith('[ "$now" = "$2" ] || echo') },
  { name: "accounts", matches: scriptWith("cut -d: -f1 /etc/passwd"), answer: () => "user root\ngroup root\n" },
  { name: "packages listed", matches: program("dpkg-query"), answer: ({ host }) => packagesOf(host) },
  {
    name: "packages installed",
    ms: 2000,
    matches: program("apt-get"),
    answer: ({ host }) => {
      host.packages = true;
      return "";
    },
  },
  { name: "staging removed", matches: program("rm", "-rf") },
  { name: "unit noted", matches: ({ script }) => /^keep_unit \S+(\n|$)/.test(script) },
  { name: "programs installed", ms: 200, matches: scriptWith("install_archive()") },
  {
    name: "runtime started",
    ms: 500,
    matches: scriptWith('systemctl "$1" containerd.service'),
    answer: ({ host }) => {
      host.runtime = true;
      return `v${versions.containerd}\n`;
    },
  },
  { name: "kubelet enabled", ms: 300, matches: scriptWith("systemctl try-restart kubelet.service") },
  {
    name: "image imported",
    ms: 400,
    matches: program("ctr", "--namespace", "k8s.io", "images", "import"),
    answer: imported,
  },
  {
    name: "images listed",
    matches: program("ctr", "--namespace", "k8s.io", "images", "ls"),
    answer: ({ host }) => [...host.images].join("\n"),
  },
  {
    name: "kubeadm version",
    matches: program("/usr/local/bin/kubeadm", "version"),
    answer: () => `v${versions.kubernetes.default}\n`,
  },
];
