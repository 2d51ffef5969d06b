// Runs a program against Pulumi's mocks and keeps every registration as it went over the wire: secrets marked, dependencies by URN.
import { strict as assert } from "node:assert";
import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import * as kubeadm from "../../../index";

type Bag = Record<string, unknown>;

export interface Registered {
  urn: string;
  type: string;
  name: string;
  parent: string | undefined;
  custom: boolean;
  /** Raw: a secret is still the object that marks it. */
  inputs: Bag;
  /** Names of the resources it waits for: `dependsOn` and whoever's outputs it takes. */
  waitsFor: string[];
  /** Names of the resources whose outputs it takes. */
  takesFrom: string[];
  secretOutputs: string[];
  leavesBeforeReplaced: boolean;
  /** What a component registered at its end. */
  outputs?: Bag;
}

/** What the mocks say of the cluster: whether it was there before this run. */
const there = { established: false };

const leafPrefix = "pulumi-nodejs:dynamic/kubeadm:";
const made: Readonly<Record<string, (name: string, inputs: Bag) => Bag>> = {
  Identity: (_name, { endpoint }) => ({ clusterId: "cluster-1", apiEndpoint: endpoint }),
  Machine: (name) => ({
    hostKeys: { [`${name}:22`]: "ssh-ed25519 AAAA" },
    machineId: `id-of-${name}`,
    nodeAddress: `address-of-${name}`,
    hostname: name,
  }),
  Preflight: () => ({ passed: {}, established: there.established }),
  Kubeconfig: () => ({ kubeconfig: "apiVersion: v1" }),
};

const mocks: pulumi.runtime.Mocks = {
  newResource: ({ type, name, inputs, custom }) => {
    const kind = type.replace(leafPrefix, "");
    // As at a preview: a leaf gives its own outputs only when they are known.
    const outputs = pulumi.runtime.isDryRun() ? {} : (made[kind]?.(name, inputs) ?? {});
    return { id: custom ? `${name}-id` : undefined, state: { ...inputs, ...outputs } };
  },
  call: ({ inputs }) => inputs,
};

export class Graph {
  readonly all: Registered[] = [];

  of(kind: string): Registered[] {
    return this.all.filter(({ type }) => type === leafPrefix + kind || type === `kubeadm:index:${kind}`);
  }

  get leaves(): Registered[] {
    return this.all.filter(({ type }) => type.startsWith(leafPrefix));
  }

  named(name: string): Registered {
    const found = this.all.filter((resource) => resource.name === name);
    assert.equal(found.length, 1, `one resource named ${name} among ${this.all.map((each) => each.name).join(", ")}`);
    return found[0] as Registered;
  }

  parentOf({ parent }: Registered): Registered | undefined {
    return this.all.find(({ urn }) => urn === parent);
  }
}

interface Monitor {
  registerResource(
    request: RegisterResourceRequest,
    callback: (error: unknown, response: { getUrn(): string }) => void,
  ): void;
  registerResourceOutputs(request: { getUrn(): string; getOutputs(): Struct | undefined }, callback: unknown): void;
}
interface Struct {
  toJavaScript(): Bag;
}

/** The mocks' own monitor tells neither dependencies nor secrets: what is asked of it is read on the way. */
function listen(monitor: Monitor, graph: Graph): void {
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) =>
    register(request, (error, response) => {
      if (!error) graph.all.push(registered(request, response.getUrn()));
      callback(error, response);
    });
  const registerOutputs = monitor.registerResourceOutputs.bind(monitor);
  monitor.registerResourceOutputs = (request, callback) => {
    const component = graph.all.find(({ urn }) => urn === request.getUrn());
    if (component) component.outputs = request.getOutputs()?.toJavaScript() ?? {};
    registerOutputs(request, callback);
  };
}

const nameOf = (urn: string): string => urn.split("::").at(-1) ?? "";

function registered(request: RegisterResourceRequest, urn: string): Registered {
  const taken = new Set<string>();
  request.getPropertydependenciesMap().forEach((property: RegisterResourceRequest.PropertyDependencies) => {
    for (const from of property.getUrnsList()) taken.add(nameOf(from));
  });
  return {
    urn,
    type: request.getType(),
    name: request.getName(),
    parent: request.getParent() || undefined,
    custom: request.getCustom(),
    inputs: (request.getObject() as unknown as Struct).toJavaScript(),
    waitsFor: request.getDependenciesList().map(nameOf).sort(),
    takesFrom: [...taken].sort(),
    secretOutputs: request.getAdditionalsecretoutputsList(),
    leavesBeforeReplaced: request.getDeletebeforereplace(),
  };
}

/** Every registration has been answered when this returns; what the program threw is thrown. */
export async function run<T>(
  program: (door: typeof kubeadm) => T,
  { preview = false, established = false }: { preview?: boolean; established?: boolean } = {},
): Promise<{ graph: Graph; result: T }> {
  there.established = established;
  await pulumi.runtime.setMocks(mocks, "shop", "dev", preview);
  const graph = new Graph();
  listen(pulumi.runtime.getMonitor() as unknown as Monitor, graph);
  const result = program(kubeadm);
  await pulumi.runtime.disconnect();
  return { graph, result };
}

/** The text of what the program was refused with, and proof that nothing was registered but the refused component itself. */
export async function refusal(program: (door: typeof kubeadm) => unknown): Promise<string> {
  let told: unknown;
  const { graph } = await run((door) => {
    try {
      program(door);
    } catch (error) {
      told = error;
    }
  });
  assert.ok(told instanceof pulumi.RunError, `refused by an error without a stack, not ${String(told)}`);
  assert.deepEqual(graph.leaves, []);
  return told.message;
}

/** The value of an Output, awaited: an assertion inside an apply might never run. */
export function known<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}

const mark = pulumi.runtime.specialSigKey;

export function isSecret(value: unknown): boolean {
  return isObject(value) && value[mark] === pulumi.runtime.specialSecretSig;
}

/** The same without marks. */
export function reveal(value: unknown): unknown {
  if (isSecret(value)) return reveal((value as Bag).value);
  if (Array.isArray(value)) return value.map(reveal);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, reveal(item)]));
}

/** Paths of everything that is marked as a secret, outermost mark only. */
export function secretPaths(value: unknown, path = ""): string[] {
  if (isSecret(value)) return [path];
  const entries = Array.isArray(value)
    ? value.map((item, i) => [String(i), item] as const)
    : isObject(value)
      ? Object.entries(value)
      : [];
  return entries.flatMap(([key, item]) => secretPaths(item, path === "" ? key : `${path}.${key}`));
}

function isObject(value: unknown): value is Bag {
  return typeof value === "object" && value !== null;
}
