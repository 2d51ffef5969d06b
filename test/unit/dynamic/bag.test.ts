import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { inputsOf, knownOf, outputsOf, stateOf, withoutWire } from "../../../provider/dynamic/bag";
import { bag, fakeHandler, providerText, state } from "./fakeHandler";

const { handler } = fakeHandler();

test("a state is taken apart into what was put in", () => {
  const inputs = fc.dictionary(fc.constantFrom(...Object.keys(handler.changes)), fc.jsonValue());
  const outputs = fc.dictionary(fc.constantFrom("joined", "found", "extra"), fc.jsonValue());
  fc.assert(
    fc.property(inputs, outputs, fc.boolean(), (given, made, converged) => {
      const whole = stateOf(bag(), given, made, converged);
      assert.deepEqual(knownOf(handler, "c1/w1", whole), {
        id: "c1/w1",
        inputs: { ...given },
        outputs: { ...made },
        converged,
      });
    }),
  );
});

test("the state keeps the wire's fields as they came", () => {
  const whole = stateOf(bag(), { name: "w1" }, { joined: true }, true);
  assert.equal(whole.__provider, providerText);
  assert.equal(whole.logUrn, bag().logUrn);
});

test("a bag without the wire's fields gets none", () => {
  assert.deepEqual(stateOf({}, { name: "w1" }, {}, true), { name: "w1", converged: true });
});

test("inputs are what the handler lists, outputs the rest", () => {
  assert.deepEqual(Object.keys(inputsOf(handler, state())).sort(), ["clusterId", "labels", "name", "target"]);
  assert.deepEqual(outputsOf(handler, state()), { joined: true });
});

test("a schema sees an unknown field of the user's, and nothing of the wire's", () => {
  const { __provider: _, logUrn: __, ...rest } = bag({ lables: {} });
  assert.deepEqual(withoutWire(bag({ lables: {} })), rest);
});

test("a state from before the field counts as converged", () => {
  const { converged: _, ...older } = state();
  assert.equal(knownOf(handler, "c1/w1", older).converged, true);
});
