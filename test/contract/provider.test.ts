// The real dynamic-provider process against our package, over its own wire.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import {
  CheckRequest,
  type CheckResponse,
  ConfigureRequest,
  CreateRequest,
  DeleteRequest,
  DiffRequest,
  type DiffResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import { kinds } from "../../provider/index";
import { unknownValue } from "../../provider/lib/unknown";
import { signpost } from "../../provider/resources/leaf";
import { type Engine, ProviderProcess, projectDir, Struct, startEngine } from "./providerProcess";

type Bag = Record<string, unknown>;
const struct = (bag: Bag) => Struct.fromJavaScript(bag as never);
const urn = "urn:pulumi:dev::shop::pulumi-nodejs:dynamic/kubeadm:Machine::w1-machine";
const privateKey = "a-key-that-nobody-may-see";

let engine: Engine;
let provider: ProviderProcess;

before(async () => {
  engine = await startEngine();
  provider = await ProviderProcess.start(engine.address);
  const configure = new ConfigureRequest();
  configure.setArgs(struct({}));
  await provider.call("configure", configure);
});
after(async () => {
  await provider.stop();
  engine.kill();
});

async function check(news: Bag, olds: Bag = {}): Promise<string[]> {
  const request = new CheckRequest();
  request.setOlds(struct(olds));
  request.setNews(struct(news));
  const reply = await provider.call<CheckResponse>("check", request);
  const inputs: Bag = reply.getInputs()?.toJavaScript() ?? {};
  assert.equal(inputs.__provider, news.__provider);
  return reply.getFailuresList().map((failure) => failure.getReason());
}

const machine = (own: Bag = {}): Bag => ({
  name: "w1",
  connection: { host: "127.0.0.1", port: 1, privateKey },
  timeouts: { connect: 1 },
  logUrn: urn,
  __provider: signpost("Machine"),
  ...own,
});

test("every leaf is found by the text in the state", async () => {
  for (const kind of kinds) {
    const reasons = await check({ __provider: signpost(kind), nonsense: true });
    assert.match(reasons.join("\n"), /nonsense/, kind);
  }
});

test("an older state's unknown leaf says what may be wrong", async () => {
  await assert.rejects(check({ __provider: signpost("Toaster") }), /knows no leaf "Toaster".*older than the state/);
});

test("check needs no host and passes what is not known yet", async () => {
  assert.deepEqual(await check(machine()), []);
  assert.deepEqual(await check(machine({ connection: unknownValue })), []);
});

async function diff(olds: Bag, news: Bag) {
  const request = new DiffRequest();
  request.setId("w1");
  request.setOlds(struct(olds));
  request.setNews(struct(news));
  const reply = await provider.call<DiffResponse>("diff", request);
  return { changes: reply.getChanges(), replaces: reply.getReplacesList() };
}

test("diff needs no host and answers yes or no, never perhaps", async () => {
  const state = machine({ machineId: "m1", converged: true });
  assert.deepEqual(await diff(state, machine()), { changes: 1, replaces: [] });
  assert.deepEqual(await diff(state, machine({ timeouts: { connect: 2 } })), { changes: 2, replaces: [] });
  assert.deepEqual(await diff(state, machine({ connection: unknownValue })), { changes: 2, replaces: [] });
});

function create(properties: Bag): Promise<never> {
  const request = new CreateRequest();
  request.setProperties(struct(properties));
  return provider.call("create", request);
}

test("progress is shown on the resource's own line, and a failure before the first change leaves no state", async () => {
  const failed: Error & { metadata?: { get(key: string): unknown[] } } = await create(machine()).catch(
    (error) => error,
  );
  assert.match(failed.message, /127\.0\.0\.1/);
  assert.deepEqual(failed.metadata?.get("grpc-status-details-bin") ?? [], []);
  const line = await engine.said(({ message }) => message.includes("127.0.0.1"));
  assert.equal(line.urn, urn);
  assert.equal(line.ephemeral, true);
});

/** A leaf of this test's own, served by the real adapter in the real process. */
function failing(thrown: string): string {
  const at = (path: string): string => JSON.stringify(join(projectDir, "dist", path));
  return `exports.handler = () => {
    const { adapt } = require(${at("provider/dynamic/adapter")});
    const { PartialFailure } = require(${at("provider/handlers/handler")});
    const { fakeHandler } = require(${at("test/unit/dynamic/fakeHandler")});
    const fail = async (op, inputs) => { ${thrown} };
    return adapt(fakeHandler({ create: fail, delete: fail }).handler);
  };`;
}
const target = { connection: { host: "10.0.0.1", privateKey }, hostKeys: {}, machineId: "m", address: "10.0.0.1" };
const fake = (text: string): Bag => ({
  clusterId: "c1",
  name: "w1",
  labels: {},
  target,
  logUrn: urn,
  __provider: text,
});

test("a failure after the first change reaches the engine with the state to keep", async () => {
  const text = failing('throw new PartialFailure("c1/w1", { joined: true }, new Error("half way"));');
  const failed: Error & { metadata: { get(key: string): Buffer[] } } = await create(fake(text)).catch((error) => error);
  assert.equal(failed.message.includes("half way"), true);
  const details = failed.metadata.get("grpc-status-details-bin")[0]?.toString("utf8") ?? "";
  for (const part of ["ErrorResourceInitFailed", "c1/w1", "half way", "converged", "__provider", "joined"]) {
    assert.ok(details.includes(part), `${part} in the details`);
  }
});

test("a secret in an error is neither in what the engine gets nor in what the process writes", async () => {
  const text = failing(
    'throw new Error("cannot use " + (inputs.target ?? inputs.inputs.target).connection.privateKey);',
  );
  const failed: Error = await create(fake(text)).catch((error) => error);
  assert.match(failed.message, /cannot use \[secret\]/);
  const request = new DeleteRequest();
  request.setId("c1/w1");
  request.setProperties(struct(fake(text)));
  await assert.rejects(provider.call("delete", request), /cannot use \[secret\]/);
  assert.equal(provider.output.join("\n").includes(privateKey), false);
  assert.equal(
    engine.lines.some(({ message }) => message.includes(privateKey)),
    false,
  );
});

/** Processes of their own: these tests end them. */
const started: ProviderProcess[] = [];
afterEach(async () => {
  for (const process of started.splice(0)) await process.stop();
});

async function startWatched(address: string): Promise<ProviderProcess> {
  const own = await ProviderProcess.start(address);
  started.push(own);
  const request = new CheckRequest();
  request.setOlds(struct({}));
  request.setNews(struct(machine()));
  await own.call("check", request);
  return own;
}

test("it ends by itself within 5 s when its engine is gone", async () => {
  const lost = await startEngine();
  const own = await startWatched(lost.address);
  lost.kill();
  assert.notEqual(await own.exitWithin(5000), undefined);
});

test("it ends within 5 s even in the middle of an operation", async () => {
  const lost = await startEngine();
  const own = await startWatched(lost.address);
  const request = new CreateRequest();
  request.setProperties(struct(machine({ timeouts: { connect: 60 } })));
  const broken = assert.rejects(own.call("create", request));
  lost.kill();
  assert.notEqual(await own.exitWithin(5000), undefined);
  await broken;
});

test("it stays as long as its engine does", async () => {
  assert.equal(await provider.exitWithin(0), undefined);
  assert.deepEqual(await check(machine()), []);
});

test("it ends when it is told to", async () => {
  const own = await startWatched(engine.address);
  own.signal("SIGINT");
  assert.equal(await own.exitWithin(5000), 0);
});
