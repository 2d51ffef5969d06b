import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { copyAgents } from "../../../provider/bundle/agents";
import { bundledAgent, packagedAgent } from "../../../provider/kubeadm/virtualKubelet/names";
import { agentFile } from "../../../provider/source/agent";

const directory = mkdtempSync(join(tmpdir(), "agent-source-"));
after(() => rmSync(directory, { recursive: true }));
const digest = (text: string) => createHash("sha256").update(text).digest("hex");

function put(path: string, text: string): string {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), text);
  return join(directory, path);
}

function bundle(name: string, held: Record<string, string>): string {
  const files = Object.entries(held).map(([path, text]) => {
    put(`${name}/${path}`, text);
    return { path, sha256: digest(text), size: text.length };
  });
  put(
    `${name}/bundle.json`,
    JSON.stringify({ format: 1, kubernetesVersion: "1.34.4", architectures: ["amd64"], files }),
  );
  return join(directory, name);
}

const packaged = join(directory, "package");
put(`package/${packagedAgent("amd64")}`, "the package's");
put("package/SHA256SUMS", `${digest("the package's")}  ${packagedAgent("amd64")}\n`);
const own = put("own", "the user's");
const full = bundle("full", { [bundledAgent("amd64")]: "the bundle's" });
const bare = bundle("bare", {});

test("the user's own program comes first, then the bundle's, then the package's", async () => {
  const from = async (agent: { path?: string }, held?: string) =>
    (await agentFile({ agent, bundle: held }, "amd64", packaged)).sha256;
  assert.equal(await from({ path: own }, full), digest("the user's"));
  assert.equal(await from({}, full), digest("the bundle's"));
  assert.equal(await from({}, bare), digest("the package's"));
  assert.equal(await from({}), digest("the package's"));
});

test("a package without an agent says what to do", async () => {
  await assert.rejects(agentFile({ agent: {} }, "arm64", packaged), /What to do: .*make virtual-kubelet/);
  await assert.rejects(agentFile({ agent: {} }, "amd64", join(directory, "none")), /holds no node agent for amd64/);
});

test("a program that is not the one that was built is refused", async () => {
  const damaged = join(directory, "damaged");
  put(`damaged/${packagedAgent("amd64")}`, "cut sh");
  put("damaged/SHA256SUMS", `${digest("the whole")}  ${packagedAgent("amd64")}\n`);
  await assert.rejects(agentFile({ agent: {} }, "amd64", damaged), /is not the program that SHA256SUMS/);
});

test("a bundle gets the package's agent, or the one it is told, or says that it gets none", async () => {
  const output = join(directory, "output");
  const said: string[] = [];
  const options = { architectures: ["amd64"] as const, output, say: (text: string) => void said.push(text) };
  const held = () => readFileSync(join(output, bundledAgent("amd64")), "utf8");
  await copyAgents(options, packaged);
  assert.equal(held(), "the package's");
  await copyAgents({ ...options, virtualKubelet: own }, packaged);
  assert.equal(held(), "the user's");
  await copyAgents(options, join(directory, "none"));
  assert.match(said.at(-1) ?? "", /holds no node agent/);
  const both = { ...options, architectures: ["amd64", "arm64"] as const, virtualKubelet: own };
  await assert.rejects(copyAgents(both, packaged), /one program for one --arch/);
});
