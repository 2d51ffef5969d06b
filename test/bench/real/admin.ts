// What the administrator of the raw script has in a directory: the same settings as the example's, written down by hand.
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { containerdConfig } from "../../../provider/kubeadm/containerd";
import { flannelManifests } from "../../../provider/kubeadm/flannel";
import { imagesFor, pauseImage } from "../../../provider/kubeadm/images";
import { containerdUnit, kubeadmDropIn, kubeletUnit, sysctls } from "../../../provider/kubeadm/units";
import { containerHosts } from "../../support/program";
import type { TestLab } from "../../support/testLab";
import { hostPrograms, layout } from "../../tools/layout";
import { versions } from "../../tools/versions";

/** As an administrator has it on a control plane. */
export const kubectl = "kubectl --kubeconfig /etc/kubernetes/admin.conf";

const network = { podCidr: "10.244.0.0/16", serviceCidr: "10.96.0.0/16" };

export interface Administrator {
  /** What the script calls ADMIN. */
  dir: string;
  /** LISTS */
  lists: string;
  version: string;
}

export function administrator(
  lab: TestLab,
  controlPlane: string,
  hosts: readonly string[],
  version: string = versions.kubernetes.default,
): Administrator {
  const dir = mkdtempSync(join(tmpdir(), "kubeadm-raw-"));
  const put = (path: string, content: string, mode = 0o644) => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content, { mode });
  };
  const of = (name: string) => lab.host(name);
  put("known_hosts", hosts.map((name) => `${of(name).address} ${of(name).hostKey}\n`).join(""));
  put("key", lab.privateKey(), 0o600);
  put("ssh_config", [...hosts.map((name) => `Host ${name}\n  HostName ${of(name).address}`), common(dir)].join("\n"));
  for (const { path, content } of hostFiles(version)) put(`rootfs${path}`, content);
  put("init.yaml", initYaml(of(controlPlane).address, version));
  const items = flannelManifests({ podCidr: network.podCidr, cni: { flannel: {} } });
  put("flannel.json", JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  return { dir, ...listsOf(dir, version) };
}

/** The same hosts with another version's files. */
export function listsOf(dir: string, version: string): Pick<Administrator, "lists" | "version"> {
  const lists = join(dir, version);
  mkdirSync(lists, { recursive: true });
  writeFileSync(join(lists, "control-plane"), `${filesOf("controlPlane", version).join("\n")}\n`);
  writeFileSync(join(lists, "worker"), `${filesOf("worker", version).join("\n")}\n`);
  return { lists, version };
}

/** Of all hosts; one connection per host for all its commands. */
function common(dir: string): string {
  const options = {
    User: "root",
    IdentityFile: `${dir}/key`,
    IdentitiesOnly: "yes",
    UserKnownHostsFile: `${dir}/known_hosts`,
    StrictHostKeyChecking: "yes",
    LogLevel: "ERROR",
    ControlMaster: "auto",
    ControlPath: `${dir}/%h`,
    ControlPersist: "20",
  };
  return ["Host *", ...Object.entries(options).map(([key, value]) => `  ${key} ${value}`), ""].join("\n");
}

function hostFiles(version: string): { path: string; content: string }[] {
  const config = containerdConfig({
    version: versions.containerd,
    cgroupDriver: containerHosts.kubeadm.kubeletConfiguration.cgroupDriver,
    sandboxImage: pauseImage(version),
    config: containerHosts.containerd.config,
  });
  const kernel = Object.entries(sysctls([4])).map(([key, value]) => `${key} = ${value}\n`);
  return [
    { path: "/etc/containerd/config.toml", content: config },
    { path: "/etc/modules-load.d/kubernetes.conf", content: "overlay\nbr_netfilter\nvxlan\n" },
    { path: "/etc/sysctl.d/99-kubernetes.conf", content: kernel.join("") },
    containerdUnit(),
    kubeletUnit("/usr/local/bin/kubelet"),
    kubeadmDropIn("/usr/local/bin/kubelet"),
  ];
}

/** JSON is YAML too. */
function initYaml(address: string, version: string): string {
  const { kubeletConfiguration, kubeProxyConfiguration } = containerHosts.kubeadm;
  const kubeadm = "kubeadm.k8s.io/v1beta4";
  const documents = [
    { apiVersion: kubeadm, kind: "InitConfiguration", localAPIEndpoint: { advertiseAddress: address } },
    {
      apiVersion: kubeadm,
      kind: "ClusterConfiguration",
      kubernetesVersion: `v${version}`,
      controlPlaneEndpoint: `${address}:6443`,
      networking: { podSubnet: network.podCidr, serviceSubnet: network.serviceCidr },
    },
    { apiVersion: "kubelet.config.k8s.io/v1beta1", kind: "KubeletConfiguration", ...kubeletConfiguration },
    { apiVersion: "kubeproxy.config.k8s.io/v1alpha1", kind: "KubeProxyConfiguration", ...kubeProxyConfiguration },
  ];
  return documents.map((document) => `---\n${JSON.stringify(document)}\n`).join("");
}

/** Of the bundle: what a host of this role gets, nothing it does not need. */
function filesOf(role: "controlPlane" | "worker", version: string): string[] {
  const { first, rest } = imagesFor({ kubernetesVersion: version, role, cni: { flannel: {} } });
  return [
    ...hostPrograms.map((program) => layout.kubernetes(version, program)),
    layout.containerd(),
    layout.runc(),
    layout.cniPlugins(),
    layout.packages(),
    ...[...first, ...rest].map((ref) => `${layout.images}/${ref.replaceAll(/[/:]/g, "_")}.tar`),
  ];
}
