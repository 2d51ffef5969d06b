import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { factsScript } from "../../../provider/host/factsScript";
import { parseFacts } from "../../../provider/host/parseFacts";

test("the script is one that a POSIX shell understands", () => {
  const { status, stderr } = spawnSync("sh", ["-n"], { input: factsScript, encoding: "utf8" });
  assert.equal(status, 0, stderr);
});

test("it runs to its end on the machine at hand", { skip: process.platform !== "linux" }, () => {
  const begun = Date.now();
  const { status, stdout, stderr } = spawnSync("sh", ["-euc", factsScript], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  const facts = parseFacts("here", stdout, { begun, ended: Date.now() });
  assert.ok(facts.cpus >= 1 && facts.memoryMiB > 0, "CPUs and memory");
  assert.ok((facts.disk["/var/lib/containerd"]?.freeMiB ?? -1) >= 0, "a path that may not be there yet");
  assert.ok(Math.abs(facts.clock.offsetMs) <= facts.clock.uncertaintyMs + 1, "one machine has one clock");
});
