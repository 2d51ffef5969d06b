import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { advice, check, pathText } from "../../../provider/dynamic/check";
import { unknownValue } from "../../../provider/lib/unknown";
import { bag, fakeHandler, privateKey, target } from "./fakeHandler";

const { handler } = fakeHandler();
const reasons = (news: Record<string, unknown>, olds: Record<string, unknown> = {}, by = handler): string[] =>
  check(by, olds, news).map(({ reason }) => reason);

test("good inputs have no failures", () => {
  assert.deepEqual(reasons(bag()), []);
  assert.deepEqual(reasons(bag(), bag()), []);
});

test("all problems come at once, each with its path", () => {
  const found = reasons(bag({ name: "", labels: { pool: 7 }, replicas: 1.5, timeouts: { join: -1 } }));
  for (const path of ["name", "labels.pool", "replicas", "timeouts.join"]) {
    assert.equal(found.filter((reason) => reason.startsWith(`${path}: `)).length, 1, `${path} in ${found.join("; ")}`);
  }
  assert.equal(found.length, 4);
});

test("a field that no schema knows is refused by its name, the wire's own are not", () => {
  const found = reasons(bag({ lables: { pool: "general" } }));
  assert.equal(found.length, 1);
  assert.match(found[0] ?? "", /lables/);
});

test("the property is never named: the engine would print its value", () => {
  const failures = check(handler, bag(), bag({ clusterId: "c2", target: { ...target(), connection: { privateKey } } }));
  assert.ok(failures.length >= 2);
  for (const { property, reason } of failures) {
    assert.equal(property, "");
    assert.doesNotMatch(reason, new RegExp(privateKey));
  }
});

test("a fixed field that changed is refused, at preview and with what to do", () => {
  const found = reasons(bag({ clusterId: "c2", name: "w2" }), bag());
  assert.deepEqual(
    found.map((reason) => reason.split(" ")[0]),
    ["clusterId", "name"],
  );
  assert.match(found[0] ?? "", /put the former value back/);
});

test("a fixed field that is given later, or taken away, is refused too", () => {
  const [given, absent] = [bag({ providerId: "own://w1" }), bag()];
  for (const found of [reasons(given, absent), reasons(absent, given)]) {
    assert.deepEqual(
      found.map((reason) => reason.split(" ")[0]),
      ["providerId"],
    );
  }
  assert.deepEqual(reasons(given, given), []);
  assert.deepEqual(reasons(bag({ providerId: unknownValue }), absent), []);
});

test("a fixed field that is unknown, now or before, is not judged", () => {
  assert.deepEqual(reasons(bag({ clusterId: unknownValue }), bag()), []);
  assert.deepEqual(reasons(bag(), bag({ clusterId: unknownValue })), []);
});

test("at the creation nothing is fixed yet", () => {
  assert.deepEqual(reasons(bag({ clusterId: "c2" }), {}), []);
  assert.deepEqual(reasons(bag({ clusterId: "c2" }), { __provider: "text" }), []);
});

test("rules see what is known alone, and the inputs from before", () => {
  const seen: object[] = [];
  const rules = (news: object, olds: object | undefined): string[] => {
    seen.push(news, olds ?? {});
    return ["labels: too many"];
  };
  const news = bag({ target: { ...target(), machineId: unknownValue } });
  assert.deepEqual(reasons(news, bag(), fakeHandler({ rules }).handler), ["labels: too many"]);
  assert.deepEqual(
    seen.map((fields) => Object.keys(fields).sort()),
    [
      ["clusterId", "labels", "name"],
      ["clusterId", "labels", "name", "target"],
    ],
  );
});

test("rules are told nothing of before when the resource is new", () => {
  const seen: unknown[] = [];
  const rules = (_news: object, olds: object | undefined): string[] => {
    seen.push(olds);
    return [];
  };
  check(fakeHandler({ rules }).handler, {}, bag());
  assert.deepEqual(seen, [undefined]);
});

test("a value that is not known yet is never judged, however deep and whatever stands around it", () => {
  const fields = ["clusterId", "name", "target", "labels", "replicas", "timeouts"] as const;
  fc.assert(
    fc.property(fc.subarray([...fields]), (unknown) => {
      const news = bag(Object.fromEntries(unknown.map((field) => [field, unknownValue])));
      assert.deepEqual(reasons(news, bag()), []);
    }),
  );
  const deep = { ...target(), connection: { ...target().connection, host: unknownValue, port: unknownValue } };
  assert.deepEqual(reasons(bag({ target: deep, labels: { pool: unknownValue } }), bag()), []);
});

test("what is known beside an unknown value is judged", () => {
  const found = reasons(bag({ clusterId: unknownValue, labels: { pool: unknownValue, zone: 3 } }));
  assert.deepEqual(
    found.map((reason) => reason.split(":")[0]),
    ["labels.zone"],
  );
});

test("a key that no schema has is refused, unknown or not, whatever is unknown beside it", () => {
  const found = reasons(
    bag({ clusterId: unknownValue, lables: unknownValue, timeouts: { jion: 3, join: unknownValue } }),
  );
  assert.equal(found.length, 2, found.join("; "));
  assert.match(found.join("; "), /lables.*timeouts: .*jion|timeouts: .*jion.*lables/);
});

test("a path reads as in a program", () => {
  assert.equal(pathText({ path: ["taints", 0, "key"] }), "taints[0].key");
  assert.equal(pathText({ path: [] }), "");
});

test("advice is given about a change, with what is known of it however deep", () => {
  const seen: unknown[] = [];
  const { handler: advising } = fakeHandler({
    advice: (news, olds) => {
      seen.push(news, olds);
      return [`${olds.name} first`];
    },
  });
  const news = bag({ clusterId: unknownValue, target: { ...target(), machineId: unknownValue } });
  assert.deepEqual(advice(advising, bag(), news), ["w1 first"]);
  const { clusterId: _c, __provider: _p, logUrn: _l, ...rest } = bag();
  const { machineId: _m, ...known } = target();
  assert.deepEqual(seen[0], { ...rest, target: known });
  assert.equal((seen[1] as { clusterId: string }).clusterId, "c1");
});

test("a new resource needs no advice, and most kinds give none", () => {
  const { handler: advising } = fakeHandler({ advice: () => ["never"] });
  assert.deepEqual(advice(advising, {}, bag()), []);
  assert.deepEqual(advice(handler, bag(), bag({ replicas: 2 })), []);
});
