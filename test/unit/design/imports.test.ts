// Imports go one way. The order of the rooms is the design; what breaks it is named here, file by file.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Import, type Source, sources } from "./sources";

const all = sources();

/** From the ground up: a room may import what stands below it. Rooms of one height do not know each other. */
const heights: Readonly<Record<string, number>> = {
  "provider/lib": 0,
  "provider/kubeadm": 1,
  "provider/ssh": 2,
  "provider/host": 3,
  "provider/source": 4,
  "provider/manifests": 4,
  "provider/preflight": 4,
  "provider/steps": 5,
  "provider/bundle": 5,
  "provider/recipes": 6,
  "provider/handlers": 7,
  "provider/recover": 7,
  "provider/dynamic": 8,
  "provider/index": 9,
};

function roomOf(path: string): string {
  const [first = "", second = ""] = path.replace(/\.ts$/, "").split("/");
  return first === "provider" ? `${first}/${second}` : first;
}

const isOurs = ({ from }: Import): boolean => /^(provider|components)\/|^index$/.test(from);

/** Every import that the rule does not allow, as "file -> what". */
function breaches(files: readonly Source[], allowed: (from: string, to: string, what: Import) => boolean): string[] {
  return files.flatMap(({ path, imports }) =>
    imports
      .filter((what) => isOurs(what) && roomOf(what.from) !== roomOf(path))
      .filter((what) => !allowed(roomOf(path), roomOf(what.from), what))
      .map((what) => `${path} -> ${what.from}`),
  );
}

const down = (from: string, to: string): boolean => (heights[to] ?? 99) < (heights[from] ?? -1);
const inside = (room: string): Source[] => all.filter(({ path }) => path.startsWith(`${room}/`));

test("the parser sees imports of every kind", () => {
  const leaf = all.find(({ path }) => path === "provider/resources/index.ts");
  assert.ok(leaf?.imports.some(({ from, typeOnly }) => from === "provider/handlers/host" && typeOnly));
  assert.ok(leaf?.imports.some(({ from, names }) => from === "provider/resources/leaf" && names.includes("Leaf")));
  assert.ok(all.length > 50);
});

test("a breach would be named", () => {
  const upwards = { from: "provider/host/host", typeOnly: false, names: [] };
  const made: Source = { path: "provider/ssh/exec.ts", imports: [upwards], steps: [], consoles: [] };
  assert.deepEqual(breaches([made], down), ["provider/ssh/exec.ts -> provider/host/host"]);
});

test("every room of the provider has its place", () => {
  const rooms = new Set(inside("provider").map(({ path }) => roomOf(path)));
  rooms.delete("provider/resources");
  assert.deepEqual(
    [...rooms].filter((room) => heights[room] === undefined),
    [],
  );
});

test("inside the provider imports go down", () => {
  const files = inside("provider").filter(({ path }) => roomOf(path) !== "provider/resources");
  assert.deepEqual(breaches(files, down), []);
});

test("leaves know the handlers by their types alone: the way there is the signpost", () => {
  const allowed = (_from: string, to: string, { typeOnly }: Import): boolean => to === "provider/handlers" && typeOnly;
  assert.deepEqual(breaches(inside("provider/resources"), allowed), []);
});

test("components know leaves and what is pure", () => {
  const pure = new Set(["provider/resources", "provider/kubeadm", "provider/lib"]);
  assert.deepEqual(
    breaches(inside("components"), (_from, to) => pure.has(to)),
    [],
  );
});

test("the door opens on components alone", () => {
  const door = all.filter(({ path }) => path === "index.ts");
  assert.deepEqual(
    breaches(door, (_from, to) => to === "components"),
    [],
  );
});

test("what is pure does no I/O", () => {
  const harmless = /^(zod|yaml|semver|node:(crypto|net|path|util|timers\/promises))$/;
  const found = [...inside("provider/kubeadm"), ...inside("provider/lib")].flatMap(({ path, imports }) =>
    imports
      .filter((what) => !isOurs(what) && what.from !== "versions.json" && !harmless.test(what.from))
      .map(({ from }) => `${path} -> ${from}`),
  );
  assert.deepEqual(found, []);
});

/** Packages with one home. */
const homes: readonly [name: string, allowed: RegExp][] = [
  ["ssh2", /^provider\/ssh\//],
  ["@pulumi/pulumi", /^(components|provider\/(resources|dynamic))\//],
  ["@grpc/grpc-js", /^provider\/dynamic\//],
  ["node:child_process", /^provider\/bundle\//],
];

for (const [name, allowed] of homes) {
  test(`${name} is imported in its room alone`, () => {
    const users = all.filter(({ imports }) => imports.some(({ from }) => from === name || from.startsWith(`${name}/`)));
    assert.deepEqual(
      users.map(({ path }) => path).filter((path) => !allowed.test(path)),
      [],
    );
  });
}

test("handlers know nothing of Pulumi, so that a plugin can serve them too", () => {
  const below = inside("provider").filter(({ path }) => (heights[roomOf(path)] ?? 99) <= 7);
  const users = below.filter(({ imports }) => imports.some(({ from }) => from.startsWith("@pulumi/")));
  assert.deepEqual(
    users.map(({ path }) => path),
    [],
  );
});

test("the order of steps is in recipes alone: no step runs another", () => {
  const stepsOf = new Map(all.map(({ path, steps }) => [path.replace(/\.ts$/, ""), steps]));
  assert.ok([...stepsOf.values()].flat().length > 10, "steps are found");
  const found = all
    .filter(({ path }) => !path.startsWith("provider/recipes/"))
    .flatMap(({ path, imports }) =>
      imports.flatMap(({ from, names }) =>
        names.filter((name) => stepsOf.get(from)?.includes(name)).map((name) => `${path} -> ${name} of ${from}`),
      ),
    );
  assert.deepEqual(found, []);
});

test("nothing of the package writes to the console: users would see it without knowing whose it is", () => {
  const found = all.flatMap(({ path, consoles }) => consoles.map((line) => `${path}:${line}`));
  assert.deepEqual(found, []);
});
