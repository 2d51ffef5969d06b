import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { diff, needsWork } from "../../../provider/dynamic/diff";
import { unknownValue } from "../../../provider/lib/unknown";
import { bag, fakeHandler, state, target } from "./fakeHandler";

const { handler } = fakeHandler();
const nothing = { changes: false, replaces: [], deleteBeforeReplace: false };
const update = { changes: true, replaces: [], deleteBeforeReplace: false };

test("the same program twice is no difference", () => {
  assert.deepEqual(diff(handler, "id", state(), bag()), nothing);
});

test("outputs, the provider's text and the URN are no difference", () => {
  const olds = state({ joined: false, __provider: "older text", logUrn: "urn:other" });
  assert.deepEqual(diff(handler, "id", olds, bag()), nothing);
});

test("absent, undefined and null are the same", () => {
  const ways = fc.constantFrom("absent", undefined, null);
  fc.assert(
    fc.property(ways, ways, (before, after) => {
      const side = (way: unknown) => (way === "absent" ? {} : { replicas: way });
      assert.deepEqual(diff(handler, "id", state(side(before)), bag(side(after))), nothing);
      assert.equal(needsWork(handler, "id", state(side(before)), bag(side(after))), false);
    }),
  );
});

test("the order of keys is no difference", () => {
  const olds = state({ labels: { a: "1", b: "2" } });
  assert.deepEqual(diff(handler, "id", olds, bag({ labels: { b: "2", a: "1" } })), nothing);
});

test("any change of a value is an update in place, with work", () => {
  const json = fc.dictionary(fc.string(), fc.string());
  fc.assert(
    fc.property(json, json, (before, after) => {
      const same = Object.keys({ ...before, ...after }).every((key) => before[key] === after[key]);
      const [olds, news] = [state({ labels: before }), bag({ labels: after })];
      assert.deepEqual(diff(handler, "id", olds, news), same ? nothing : update);
      assert.equal(needsWork(handler, "id", olds, news), !same);
    }),
  );
});

test("an ignored field is no difference", () => {
  assert.deepEqual(diff(handler, "id", state({ note: "one" }), bag({ note: "two" })), nothing);
});

test("a quiet field is saved without remote work", () => {
  const news = bag({ timeouts: { join: 60 } });
  assert.deepEqual(diff(handler, "id", state(), news), update);
  assert.equal(needsWork(handler, "id", state(), news), false);
});

test("quiet beside work is work", () => {
  assert.equal(needsWork(handler, "id", state(), bag({ timeouts: { join: 60 }, labels: {} })), true);
});

test("a failure before makes the whole work due, though nothing differs", () => {
  assert.deepEqual(diff(handler, "id", state({ converged: false }), bag()), update);
  assert.equal(needsWork(handler, "id", state({ converged: false }), bag()), true);
});

test("new credentials and another way to the same machine are quiet", () => {
  for (const after of [target({ privateKey: "a-rotated-key" }), target({ host: "jump.example" })]) {
    assert.deepEqual(diff(handler, "id", state(), bag({ target: after })), update);
    assert.equal(needsWork(handler, "id", state(), bag({ target: after })), false);
  }
});

test("the same machine under another address is work, not another machine", () => {
  const news = bag({ target: target({ address: "10.0.0.99" }) });
  assert.deepEqual(diff(handler, "id", state(), news), update);
  assert.equal(needsWork(handler, "id", state(), news), true);
});

test("another machine replaces the node, and the old one leaves first", () => {
  const news = bag({ target: target({ machineId: "m2" }) });
  assert.deepEqual(diff(handler, "id", state(), news), {
    changes: true,
    replaces: ["target"],
    deleteBeforeReplace: true,
  });
});

test("a leaf may ask for the new one first", () => {
  const made = fakeHandler({ deleteBeforeReplace: false }).handler;
  const news = bag({ target: target({ machineId: "m2" }) });
  assert.deepEqual(diff(made, "id", state(), news), {
    changes: true,
    replaces: ["target"],
    deleteBeforeReplace: false,
  });
});

test("without a rule of its own a changed field of that class replaces", () => {
  const { replaces: _, ...plain } = fakeHandler().handler;
  const news = bag({ target: target({ host: "10.0.0.12" }) });
  assert.deepEqual(diff(plain, "id", state(), news).replaces, ["target"]);
});

test("unknown means update, never replace, wherever it stands", () => {
  const parts = ["connection", "hostKeys", "machineId", "address"] as const;
  fc.assert(
    fc.property(fc.subarray([...parts], { minLength: 1 }), fc.boolean(), (unknown, rotated) => {
      const after = { ...target(rotated ? { privateKey: "a-rotated-key" } : {}) };
      const news = bag({ target: { ...after, ...Object.fromEntries(unknown.map((part) => [part, unknownValue])) } });
      assert.deepEqual(diff(handler, "id", state(), news), update);
    }),
  );
  assert.deepEqual(diff(handler, "id", state(), bag({ target: unknownValue })), update);
  assert.deepEqual(diff(handler, "id", state(), bag({ clusterId: unknownValue })), update);
});

test("what follows another resource leaves before that one is replaced, and minds nothing else of it", () => {
  const olds = state({ under: "c1/w0" });
  assert.deepEqual(diff(handler, "id", olds, bag({ under: unknownValue })), {
    changes: true,
    replaces: ["under"],
    deleteBeforeReplace: true,
  });
  for (const [before, after] of [
    [olds, bag({ under: "c1/w1" })],
    [olds, bag()],
    [state(), bag({ under: "c1/w1" })],
  ] as const) {
    assert.deepEqual(diff(handler, "id", before, after), update);
    assert.equal(needsWork(handler, "id", before, after), false);
  }
  assert.deepEqual(diff(handler, "id", state(), bag({ under: unknownValue })), update, "it followed none before");
});

test("a rule about replacing sees inputs alone, without what is unknown", () => {
  const seen: object[] = [];
  const replaces = (_field: string, olds: object, news: object): boolean => {
    seen.push(olds, news);
    return false;
  };
  const news = bag({ target: target({ machineId: "m2" }), labels: { pool: unknownValue } });
  diff(fakeHandler({ replaces }).handler, "id", state(), news);
  assert.deepEqual(
    seen.map((fields) => Object.keys(fields).sort()),
    [
      ["clusterId", "labels", "name", "target"],
      ["clusterId", "name", "target"],
    ],
  );
});
