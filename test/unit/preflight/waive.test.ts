import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { RefusedError } from "../../../provider/lib/errors";
import { preflightError } from "../../../provider/preflight/preflight";
import { checkTable, isWaived } from "../../../provider/preflight/table";
import { candidate, found } from "./fleet";

test("a check is waived by its name, in any case", () => {
  const bad = candidate({ cpus: 1, memoryMiB: 100 }, { controlPlane: true });
  assert.deepEqual(found([bad]), ["NumCPU", "Mem"]);
  assert.deepEqual(found([bad], {}, ["numcpu"]), ["Mem"]);
  assert.deepEqual(found([bad], {}, ["all"]), []);
});

test("kubeadm's SystemVerification covers what it means", () => {
  const bad = candidate({ kernel: "3.10.0", cgroup: { version: 2, controllers: [] }, cpus: 0 });
  assert.deepEqual(found([bad], {}, ["SystemVerification"]), ["NumCPU"]);
});

test("who owns the machine, and root, are never waived", () => {
  for (const name of [
    "OtherCluster",
    "OtherNode",
    "NodeAgent",
    "SameMachine",
    "IsPrivilegedUser",
    "Unreachable",
    "Facts",
  ]) {
    assert.equal(isWaived(name, ["all", name]), false, name);
  }
});

test("every check that the code names is in the table, once, and the other way round", () => {
  const names = checkTable.map(({ name }) => name);
  assert.equal(new Set(names.map((name) => name.toLowerCase())).size, names.length);
  const room = join(__dirname, "../../../../provider");
  const rooms = ["preflight", "steps/upgradeChecks"];
  const files = [
    ...rooms.flatMap((name) => readdirSync(join(room, name)).map((file) => `${name}/${file}`)),
    "recipes/upgradeGate.ts",
  ];
  const source = files.map((file) => readFileSync(join(room, file), "utf8")).join("\n");
  const said = new Set(
    [...source.matchAll(/check(?::| =) (?:unreachable \? )?"([\w-]+)"(?: : "([\w-]+)")?/g)].flatMap(([, a, b]) => [
      a,
      b ?? a,
    ]),
  );
  const fixed = names.filter((name) => !/^(Port|Kernel|Cgroup)-/.test(name));
  assert.deepEqual([...said].sort(), fixed.sort());
});

test("the report names every host and every failure with what to do", () => {
  const problem = (check: string) => ({ check, text: `fails ${check}`, remedy: `mend ${check}` });
  const error = preflightError(
    [
      { name: "cp1", host: "cp1 (10.0.0.11)", problems: [problem("NumCPU"), problem("Mem")] },
      { name: "w1", host: "w1 (10.0.0.21)", problems: [problem("Swap")] },
    ],
    3,
  );
  assert.ok(error instanceof RefusedError);
  assert.equal(
    error.message.split("\n  What to do:")[0],
    [
      "preflight failed on 2 of 3 hosts; nothing has been changed on any of them",
      "  cp1 (10.0.0.11):",
      "    NumCPU: fails NumCPU",
      "      -> mend NumCPU",
      "    Mem: fails Mem",
      "      -> mend Mem",
      "  w1 (10.0.0.21):",
      "    Swap: fails Swap",
      "      -> mend Swap",
    ].join("\n"),
  );
});
