import assert from "node:assert/strict";
import { test } from "node:test";
import type { Host } from "../../../provider/host/host";
import type { OpenOptions, withHost } from "../../../provider/host/open";
import { withControlPlane } from "../../../provider/host/reach";
import type { Reach } from "../../../provider/kubeadm/spec";
import { UnreachableError } from "../../../provider/lib/errors";
import { silent } from "../../../provider/lib/progress";
import { fakeHost, unavailable } from "./fakeHost";

type Kind = "living" | "dead" | "deaf" | "starting";

const target = (host: string) => ({ connection: { host }, hostKeys: {}, machineId: host, address: host });
const reachOf = (names: string[]): Reach => Object.fromEntries(names.map((name) => [name, target(`${name}.example`)]));

/** Hosts that live, cannot be reached, never answer, or have an API that does not run. */
function door(kinds: Record<string, Kind>) {
  const open: string[] = [];
  const through = async <T>({ name }: OpenOptions, use: (host: Host) => Promise<T>): Promise<T> => {
    if (kinds[name] === "dead") throw new UnreachableError(`${name}: connect timed out`);
    if (kinds[name] === "deaf") return new Promise<T>(() => {});
    open.push(name);
    try {
      return await use(fakeHost(() => (kinds[name] === "living" ? "ok" : unavailable), name));
    } finally {
      open.splice(open.indexOf(name), 1);
    }
  };
  return { open, through: through as typeof withHost };
}

const options = (kinds: Record<string, Kind>, except: string[] = []) => {
  const { open, through } = door(kinds);
  return {
    options: { reach: reachOf(Object.keys(kinds)), except, progress: silent, readyMs: 0, staggerMs: 5, open: through },
    open,
  };
};

test("the first one that answers gets the work, and keeps its connection until it is done", async () => {
  const { options: given, open } = options({ cp1: "living", cp2: "living" });
  const seen = await withControlPlane(given, async ({ name }) => {
    assert.deepEqual(open, ["cp1"]);
    return name;
  });
  assert.equal(seen, "cp1");
  assert.deepEqual(open, []);
});

for (const first of ["dead", "deaf", "starting"] as const) {
  test(`one that is ${first} does not hold the others up`, async () => {
    assert.equal(
      await withControlPlane(options({ cp1: first, cp2: "living" }).options, async ({ name }) => name),
      "cp2",
    );
  });
}

test("the one that leaves is not asked", async () => {
  assert.equal(
    await withControlPlane(options({ cp1: "living", cp2: "living" }, ["cp1"]).options, async ({ name }) => name),
    "cp2",
  );
});

test("when none answers, every one is named with its reason", async () => {
  const { options: given } = options({ cp1: "dead", cp2: "starting" });
  await assert.rejects(
    withControlPlane(given, async () => 1),
    (error) => {
      assert.ok(error instanceof UnreachableError);
      assert.match(error.message, /cp1 \(cp1\.example\): cp1: connect timed out/);
      assert.match(error.message, /cp2 \(cp2\.example\): .*refused/);
      return true;
    },
  );
});

test("when there is none at all, that is said", async () => {
  await assert.rejects(
    withControlPlane(options({ cp1: "living" }, ["cp1"]).options, async () => 1),
    /no other control plane/,
  );
});

test("a failure of the work is its own error, and nobody else is asked", async () => {
  const asked: string[] = [];
  const work = withControlPlane(options({ cp1: "living", cp2: "living" }).options, async ({ name }) => {
    asked.push(name);
    throw new Error("the work failed");
  });
  await assert.rejects(work, /the work failed/);
  assert.deepEqual(asked, ["cp1"]);
});
