import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { adapt } from "../../../provider/dynamic/adapter";
import { PartialFailure } from "../../../provider/handlers/handler";
import { RefusedError, UserError } from "../../../provider/lib/errors";
import { forgetSecrets } from "../../../provider/lib/redact";
import { unknownValue } from "../../../provider/lib/unknown";
import { bag, type FakeOutputs, fakeHandler, privateKey, providerText, state, target } from "./fakeHandler";

beforeEach(forgetSecrets);

/** What the engine makes an "init failed" of. */
interface Failed extends Error {
  id?: string;
  properties?: Record<string, unknown>;
  reasons?: string[];
}

async function failureOf(work: Promise<unknown>): Promise<Failed> {
  const failed: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(failed instanceof Error, "it should have failed");
  return failed;
}

const throwing = (error: unknown) => async (): Promise<never> => {
  throw error;
};

test("check gives the inputs back as they came", async () => {
  const { handler } = fakeHandler();
  assert.deepEqual(await adapt(handler).check({}, bag()), { inputs: bag(), failures: [] });
});

test("create hands plain inputs to the handler and keeps everything in the state", async () => {
  const { handler, calls } = fakeHandler();
  const made = await adapt(handler).create(bag());
  const { __provider: _, logUrn: __, ...inputs } = bag();
  assert.deepEqual(calls.inputs, inputs);
  assert.deepEqual(made, { id: "c1/w1", outs: { ...bag(), joined: true, converged: true } });
});

test("a create that failed before the first change leaves nothing behind", async () => {
  const { handler } = fakeHandler({ create: throwing(new UserError("w1: no route to host")) });
  const failed = await failureOf(adapt(handler).create(bag()));
  assert.equal(failed.message, "w1: no route to host");
  assert.equal("id" in failed, false);
});

test("a create that failed later keeps id, inputs, what was reached, and the provider's text", async () => {
  const cause = new UserError("w1: kubeadm join: did not end in time");
  const { handler } = fakeHandler({
    create: throwing(new PartialFailure<FakeOutputs>("c1/w1", { found: "half" }, cause)),
  });
  const failed = await failureOf(adapt(handler).create(bag()));
  assert.equal(failed.id, "c1/w1");
  assert.deepEqual(failed.reasons, ["w1: kubeadm join: did not end in time"]);
  assert.equal(failed.properties?.__provider, providerText);
  assert.deepEqual(failed.properties, { ...bag(), found: "half", converged: false });
});

test("after such a failure the next up has work to do, and success clears the mark", async () => {
  const cause = new PartialFailure<FakeOutputs>("c1/w1", {}, new Error("broken"));
  const failed = await failureOf(adapt(fakeHandler({ create: throwing(cause) }).handler).create(bag()));
  const { handler, calls } = fakeHandler();
  const provider = adapt(handler);
  assert.equal((await provider.diff("c1/w1", failed.properties ?? {}, bag())).changes, true);
  const { outs } = await provider.update("c1/w1", failed.properties ?? {}, bag());
  assert.deepEqual(calls.made, ["update"]);
  assert.equal(calls.known?.converged, false);
  assert.equal(outs.converged, true);
  assert.equal((await provider.diff("c1/w1", outs, bag())).changes, false);
});

test("update gives the handler what is known and the new inputs", async () => {
  const { handler, calls } = fakeHandler();
  const news = bag({ labels: { pool: "db" } });
  const { outs } = await adapt(handler).update("c1/w1", state(), news);
  assert.deepEqual(calls.known?.outputs, { joined: true });
  assert.deepEqual(calls.known?.inputs.labels, { pool: "general" });
  assert.deepEqual(calls.inputs?.labels, { pool: "db" });
  assert.deepEqual(outs, { ...news, joined: true, converged: true });
});

test("new credentials are saved without the handler, and what was known stays", async () => {
  const { handler, calls } = fakeHandler();
  const news = bag({ target: target({ privateKey: "a-rotated-key" }), timeouts: { join: 9 } });
  const { outs } = await adapt(handler).update("c1/w1", state({ found: "kept" }), news);
  assert.deepEqual(calls.made, []);
  assert.deepEqual(outs, { ...news, joined: true, found: "kept", converged: true });
});

test("a failed update keeps the new inputs, so that a destroy goes on with the new credentials", async () => {
  const { handler } = fakeHandler({ update: throwing(new UserError("w1: lost")) });
  const news = bag({ labels: {}, target: target({ privateKey: "a-rotated-key" }) });
  const failed = await failureOf(adapt(handler).update("c1/w1", state({ found: "kept" }), news));
  assert.equal(failed.id, "c1/w1");
  assert.deepEqual(failed.reasons, ["w1: lost"]);
  assert.deepEqual(failed.properties, { ...news, joined: true, found: "kept", converged: false });
});

test("a partial failure of an update adds what it reached", async () => {
  const cause = new PartialFailure<FakeOutputs>("c1/w1", { found: "new" }, new UserError("w1: lost"));
  const { handler } = fakeHandler({ update: throwing(cause) });
  const failed = await failureOf(adapt(handler).update("c1/w1", state({ found: "old" }), bag({ labels: {} })));
  assert.deepEqual([failed.properties?.joined, failed.properties?.found], [true, "new"]);
  assert.deepEqual(failed.reasons, ["w1: lost"]);
});

test("an update that was refused leaves the state as it was", async () => {
  const { handler } = fakeHandler({ update: throwing(new RefusedError("etcd would lose its quorum", "wait")) });
  const failed = await failureOf(adapt(handler).update("c1/w1", state(), bag({ labels: {} })));
  assert.ok(failed instanceof RefusedError);
  assert.equal("id" in failed, false);
});

test("secrets of the inputs are cut out of what is thrown, and of its stack", async () => {
  const leaky = () => new UserError(`ssh: cannot parse ${privateKey}`);
  const create = await failureOf(adapt(fakeHandler({ create: throwing(leaky()) }).handler).create(bag()));
  const partial = new PartialFailure<FakeOutputs>("c1/w1", {}, leaky());
  const half = await failureOf(adapt(fakeHandler({ create: throwing(partial) }).handler).create(bag()));
  const update = await failureOf(
    adapt(fakeHandler({ update: throwing(leaky()) }).handler).update("c1/w1", state(), bag({ labels: {} })),
  );
  const gone = await failureOf(adapt(fakeHandler({ delete: throwing(leaky()) }).handler).delete("c1/w1", state()));
  const read = await failureOf(adapt(fakeHandler({ read: throwing(leaky()) }).handler).read("c1/w1", state()));
  for (const failed of [create, half, update, gone, read]) {
    const shown = `${failed.message} ${failed.stack} ${failed.reasons?.join()}`;
    assert.match(failed.message, /cannot parse \[secret\]/);
    assert.equal(shown.includes(privateKey), false, shown);
  }
});

test("an error for the user shows no stack, a fault of ours does", async () => {
  const told = await failureOf(
    adapt(fakeHandler({ delete: throwing(new UserError("w1: gone", "bring it up")) }).handler).delete("c1/w1", state()),
  );
  assert.equal(told.stack, "");
  const fault = await failureOf(
    adapt(fakeHandler({ delete: throwing(new TypeError("x is undefined")) }).handler).delete("c1/w1", state()),
  );
  assert.match(fault.stack ?? "", /adapter\.test/);
});

test("read tells that it is gone by an answer without an id", async () => {
  const { handler } = fakeHandler({ read: async () => undefined });
  assert.deepEqual(await adapt(handler).read("c1/w1", state()), {});
});

test("read without drift changes nothing", async () => {
  const { handler } = fakeHandler();
  const found = await adapt(handler).read("c1/w1", state());
  assert.equal(found.id, "c1/w1");
  assert.deepEqual(found.props, state());
  assert.deepEqual(found.inputs, bag());
  assert.equal((await adapt(handler).diff("c1/w1", found.props ?? {}, bag())).changes, false);
});

test("drift shows as a difference to the program, and is work", async () => {
  const { handler, calls } = fakeHandler({
    read: async (_operation, known) => ({ inputs: { ...known.inputs, labels: {} }, outputs: { joined: true } }),
  });
  const provider = adapt(handler);
  const found = await provider.read("c1/w1", state());
  assert.deepEqual(found.inputs?.labels, {});
  assert.equal((await provider.diff("c1/w1", found.props ?? {}, bag())).changes, true);
  await provider.update("c1/w1", found.props ?? {}, bag());
  assert.deepEqual(calls.made, ["update"]);
});

test("a refresh of what failed before does not call it converged", async () => {
  const { handler } = fakeHandler();
  const found = await adapt(handler).read("c1/w1", state({ converged: false }));
  assert.equal(found.props?.converged, false);
});

test("delete is told everything that was known", async () => {
  const { handler, calls } = fakeHandler();
  await adapt(handler).delete("c1/w1", state({ found: "x", converged: false }));
  const { __provider: _, logUrn: __, ...inputs } = bag();
  assert.deepEqual(calls.known, { id: "c1/w1", inputs, outputs: { joined: true, found: "x" }, converged: false });
});

test("progress without an engine is silent and never fails", async () => {
  const { handler, calls } = fakeHandler();
  await adapt(handler).create(bag());
  assert.doesNotThrow(() => {
    calls.operation?.progress.say("joining");
    calls.operation?.progress.warn("slow");
  });
});

test("a preview with nothing but unknown values says update and has no complaint", async () => {
  const { handler } = fakeHandler();
  const news = bag({ clusterId: unknownValue, target: unknownValue, labels: unknownValue });
  assert.deepEqual((await adapt(handler).check(state(), news)).failures, []);
  assert.deepEqual(await adapt(handler).diff("c1/w1", state(), news), {
    changes: true,
    replaces: [],
    deleteBeforeReplace: false,
  });
});
