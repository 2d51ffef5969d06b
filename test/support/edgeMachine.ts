// A lab host as an edge machine is: containerd, runc and CNI plugins, set up by hand, and no kubelet.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../tools/bundle";
import { layout } from "../tools/layout";
import { imagesOf, versions } from "../tools/versions";
import type { TestLab } from "./testLab";

const pause = `registry.k8s.io/pause:${imagesOf(versions.kubernetes.default).pause}`;

/** `restrict_oom_score_adj`: a host that is a container may not raise itself above others. */
const configuration = `version = 3
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "${pause}"
[plugins."io.containerd.cri.v1.images".registry]
  config_path = "/etc/containerd/certs.d"
`;

const network = JSON.stringify({
  cniVersion: "1.0.0",
  name: "edge",
  plugins: [
    {
      type: "bridge",
      bridge: "cni0",
      isGateway: true,
      ipam: { type: "host-local", ranges: [[{ subnet: "10.88.0.0/24" }]], routes: [{ dst: "0.0.0.0/0" }] },
    },
  ],
});

const unit = `[Unit]
After=network.target
[Service]
ExecStart=/usr/local/bin/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
LimitNOFILE=infinity
TasksMax=infinity
[Install]
WantedBy=multi-user.target
`;

const install = `
set -eu
tar -C /usr/local -xzf /tmp/containerd.tgz
mkdir -p /opt/cni/bin
tar -C /opt/cni/bin -xzf /tmp/cni.tgz
rm /tmp/containerd.tgz /tmp/cni.tgz
systemctl daemon-reload
systemctl enable --quiet --now containerd
ctr -n k8s.io images import /tmp/pause.tar
rm /tmp/pause.tar
`;

export async function makeEdgeMachine(lab: TestLab, host: string): Promise<void> {
  const from = await bundle();
  const dir = await mkdtemp(join(tmpdir(), "kubeadm-edge-"));
  try {
    const text = async (content: string, target: string): Promise<void> => {
      await writeFile(join(dir, "file"), content);
      await lab.exec(host, ["mkdir", "-p", join(target, "..")]);
      await lab.put(host, join(dir, "file"), target);
    };
    await text(configuration, "/etc/containerd/config.toml");
    await text(network, "/etc/cni/net.d/10-edge.conflist");
    await text(unit, "/etc/systemd/system/containerd.service");
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  await lab.put(host, join(from, layout.containerd()), "/tmp/containerd.tgz");
  await lab.put(host, join(from, layout.cniPlugins()), "/tmp/cni.tgz");
  await lab.put(host, join(from, layout.runc()), "/usr/local/bin/runc");
  await lab.put(host, join(from, layout.images, `${pause.replaceAll(/[/:]/g, "_")}.tar`), "/tmp/pause.tar");
  await lab.sh(host, install);
}

/** Lets containerd ask this registry without TLS. */
export async function trustRegistry(lab: TestLab, host: string, registry: string): Promise<void> {
  const text = `server = "http://${registry}"\n[host."http://${registry}"]\n`;
  const script = 'mkdir -p "/etc/containerd/certs.d/$1" && printf "%s" "$2" >"/etc/containerd/certs.d/$1/hosts.toml"';
  await lab.exec(host, ["sh", "-c", script, "sh", registry, text]);
}
