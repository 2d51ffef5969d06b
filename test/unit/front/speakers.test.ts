import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Kubectl } from "../../../provider/host/kubectl";
import { frontDirectory } from "../../../provider/kubeadm/front";
import { haproxyConfig, haproxyConfigPath } from "../../../provider/kubeadm/haproxy";
import { keepalivedConfig, keepalivedConfigPath } from "../../../provider/kubeadm/keepalived";
import type { Front } from "../../../provider/kubeadm/spec";
import { forgetScript, withThoseThatLeave } from "../../../provider/steps/front/speakers";

const front: Front = {
  by: "keepalived",
  address: "10.0.0.10",
  port: 8443,
  virtualRouterId: 51,
  members: { cp1: "10.0.0.11", cp2: "10.0.0.12" },
};
const with3: Front = { ...front, members: { ...front.members, cp3: "10.0.0.13" } };
const alone: Front = { ...front, members: { cp1: "10.0.0.11" } };

/** What is left on cp1 of what `before` made, when these have been forgotten. */
function forgotten(before: Front, ...addresses: string[]): { keepalived: string; haproxy: string } {
  const directory = mkdtempSync(join(tmpdir(), "front-"));
  const here = (path: string) => path.replace(frontDirectory, directory);
  const [keepalived, haproxy] = [here(keepalivedConfigPath), here(haproxyConfigPath)];
  writeFileSync(keepalived, keepalivedConfig({ front: before, node: "cp1", interface: "eth0" }));
  writeFileSync(haproxy, haproxyConfig(before));
  const script = forgetScript.replaceAll(frontDirectory, directory).replaceAll("systemctl", "false");
  for (const address of addresses) execFileSync("sh", ["-eu", "-c", script, "sh", address]);
  const left = { keepalived: readFileSync(keepalived, "utf8"), haproxy: readFileSync(haproxy, "utf8") };
  rmSync(directory, { recursive: true });
  return left;
}

const made = (wanted: Front) => ({
  keepalived: keepalivedConfig({ front: wanted, node: "cp1", interface: "eth0" }),
  haproxy: haproxyConfig(wanted),
});

describe("a control plane that has left", () => {
  it("is forgotten as if it had never been there", () => {
    assert.deepEqual(forgotten(with3, "10.0.0.13"), made(front));
  });

  it("leaves the last one without anybody to speak to", () => {
    assert.deepEqual(forgotten(with3, "10.0.0.13", "10.0.0.12"), made(alone));
  });

  it("is told by its whole address", () => {
    assert.deepEqual(forgotten(with3, "10.0.0.1"), made(with3));
  });

  it("is forgotten under IPv6 too", () => {
    const v6 = { ...front, address: "fd00::10", members: { cp1: "fd00::11", cp2: "fd00::12", cp3: "fd00::13" } };
    const { cp3: _, ...members } = v6.members;
    assert.deepEqual(forgotten(v6, "fd00::13"), made({ ...v6, members }));
  });
});

describe("a control plane that is about to leave", () => {
  const node = (name: string, address: string) => ({
    apiVersion: "v1",
    kind: "Node",
    metadata: { name },
    status: { addresses: [{ type: "InternalIP", address }] },
  });
  const kubectl = (...nodes: object[]) => ({ list: async () => nodes }) as unknown as Kubectl;

  it("is spoken to until it has left", async () => {
    const nodes = kubectl(node("cp1", "10.0.0.11"), node("cp2", "10.0.0.12"), node("cp3", "10.0.0.13"));
    assert.deepEqual(await withThoseThatLeave(front, nodes), with3);
  });

  it("stays beside the next machine of its name", async () => {
    const { members } = await withThoseThatLeave(front, kubectl(node("cp1", "10.0.0.19"), node("cp2", "10.0.0.12")));
    assert.deepEqual(members, { ...front.members, "cp1-leaves": "10.0.0.19" });
  });
});
