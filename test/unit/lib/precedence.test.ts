import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { giveWay, goFirst } from "../../../provider/lib/precedence";

function later(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve = (): void => undefined;
  let reject = (_: Error): void => undefined;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("whoever goes first", () => {
  it("is waited for by the others of its key alone", async () => {
    const work = later();
    const first = goFirst("a", () => work.promise);
    const seen: string[] = [];
    const other = giveWay("a", () => seen.push("waits")).then(() => seen.push("goes"));
    await giveWay("b", () => seen.push("b waits"));
    await turn();
    assert.deepEqual(seen, ["waits"]);
    work.resolve();
    await Promise.all([first, other]);
    assert.deepEqual(seen, ["waits", "goes"]);
  });

  it("lets the others go when it fails, and tells its failure itself", async () => {
    const work = later();
    const first = goFirst("a", () => work.promise);
    const other = giveWay("a", () => undefined);
    work.reject(new Error("no room"));
    await assert.rejects(first, /no room/);
    await other;
  });

  it("is nobody's hindrance when it is done", async () => {
    await goFirst("a", async () => undefined);
    await giveWay("a", () => assert.fail("nobody to wait for"));
  });
});
