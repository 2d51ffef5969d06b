// The API through kubectl on a control plane: JSON in and out by standard streams, every call with a deadline.
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "./host";
import { ApiError, apiError, hasReason } from "./kubeErrors";
import * as kube from "./kubeObject";

export interface Query {
  type: string;
  namespace?: string;
  allNamespaces?: boolean;
  labels?: string;
  fields?: string;
}

export interface ApplyOptions {
  fieldManager: string;
  force?: boolean;
  dryRun?: boolean;
  /** Strings that must not appear in an error. */
  secrets?: readonly string[];
}

export interface KubectlOptions {
  /** One request, in seconds. */
  requestSeconds?: number;
  /** How long a call that may be made twice is repeated while the API does not answer. */
  patienceMs?: number;
  /** An API server that is meant itself, such as the host's own; absent: whoever answers at the cluster's endpoint. */
  server?: string;
}

export interface Call {
  /** For messages; never content. */
  what: string;
  stdin?: string;
  /** Making the call twice is the same as making it once. */
  repeatable: boolean;
  secrets?: readonly string[];
}

// kubectl's own cache directory would be left behind on the host; this one goes with the host's run directory.
const base = ["kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "--cache-dir", "/run/pulumi-kubeadm/kubectl"];

/** So many in one command line: a command takes a connection and a tenth of a second before it does anything. */
const namesAtOnce = 100;

function* groupsOf(names: readonly string[]): Generator<readonly string[]> {
  for (let first = 0; first < names.length; first += namesAtOnce) yield names.slice(first, first + namesAtOnce);
}

export class Kubectl {
  readonly label: string;
  private readonly requestSeconds: number;
  private readonly patienceMs: number;
  private readonly server: readonly string[];
  private readonly kinds = new Map<string, Promise<Map<string, kube.ResourceKind>>>();

  constructor(
    private readonly host: Host,
    options: KubectlOptions = {},
  ) {
    this.label = host.label;
    this.requestSeconds = options.requestSeconds ?? 30;
    this.patienceMs = options.patienceMs ?? 60_000;
    this.server = options.server === undefined ? [] : ["--server", options.server];
  }

  /** Throws when the API server does not say that it is ready. */
  async ready(): Promise<void> {
    await this.command(["get", "--raw", "/readyz"], { what: "ask /readyz", repeatable: false });
  }

  async get(ref: kube.Ref): Promise<kube.KubeObject | undefined> {
    const argv = ["get", ref.type, ref.name, ...inNamespace(ref.namespace), "--ignore-not-found", "-o", "json"];
    const text = await this.command(argv, { what: `get ${ref.type} ${ref.name}`, repeatable: true });
    return kube.items(text)[0];
  }

  async list(query: Query): Promise<kube.KubeObject[]> {
    const argv = ["get", query.type, ...(query.allNamespaces ? ["-A"] : inNamespace(query.namespace)), "-o", "json"];
    if (query.labels) argv.push("-l", query.labels);
    if (query.fields) argv.push("--field-selector", query.fields);
    return kube.items(await this.command(argv, { what: `list ${query.type}`, repeatable: true }));
  }

  /** Those that are there, with who manages which field. */
  async getAll(identities: readonly kube.Identity[]): Promise<kube.KubeObject[]> {
    if (identities.length === 0) return [];
    const argv = ["get", "-f", "-", "--ignore-not-found", "--show-managed-fields", "-o", "json"];
    const stdin = kube.listOf(identities.map(kube.bare));
    return kube.items(await this.command(argv, { what: `get ${identities.length} objects`, stdin, repeatable: true }));
  }

  /** Server-side apply; a field that somebody else owns is an ApiError "ApplyConflict" that names both. */
  async apply(objects: readonly kube.KubeObject[], options: ApplyOptions): Promise<kube.KubeObject[]> {
    if (objects.length === 0) return [];
    const argv = ["apply", "--server-side", "--field-manager", options.fieldManager, "-f", "-"];
    argv.push("--show-managed-fields", "-o", "json");
    if (options.force) argv.push("--force-conflicts");
    if (options.dryRun) argv.push("--dry-run=server");
    const what = objects.length === 1 && objects[0] ? `apply ${kube.shown(kube.identityOf(objects[0]))}` : "apply";
    const call: Call = { what, stdin: kube.listOf(objects), repeatable: true, secrets: options.secrets ?? [] };
    return kube.items(await this.command(argv, call));
  }

  /** A merge patch by default: made twice it is the same as once. With a resourceVersion in it, "Conflict" is the answer to a change in between. */
  async patch(ref: kube.Ref, patch: unknown, kind: "merge" | "json" | "strategic" = "merge"): Promise<kube.KubeObject> {
    const argv = ["patch", ref.type, ref.name, ...inNamespace(ref.namespace), "--type", kind, "-o", "json"];
    argv.push("--field-manager", "pulumi-kubeadm", "--patch-file", "/dev/stdin");
    const stdin = JSON.stringify(patch);
    const text = await this.command(argv, {
      what: `patch ${ref.type} ${ref.name}`,
      stdin,
      repeatable: kind !== "json",
    });
    return JSON.parse(text) as kube.KubeObject;
  }

  /** Asks for the deletion, does not wait for its end; false when there was no such object (with a uid: not that one). */
  async delete(identity: kube.Identity, gracePeriodSeconds?: number): Promise<boolean> {
    const stdin = JSON.stringify({
      apiVersion: "v1",
      kind: "DeleteOptions",
      propagationPolicy: "Background",
      ...(identity.uid ? { preconditions: { uid: identity.uid } } : {}),
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    });
    const kind = await this.resource(identity.apiVersion, identity.kind);
    if (!kind) return false;
    try {
      const argv = ["delete", "--raw", kube.objectPath(identity, kind), "-f", "-"];
      await this.command(argv, { what: `delete ${kube.shown(identity)}`, stdin, repeatable: true });
      return true;
    } catch (error) {
      // "Conflict" is the precondition: another object has the name now, ours is gone.
      if (hasReason(error, "NotFound", "NoMatch") || (identity.uid && hasReason(error, "Conflict"))) return false;
      throw error;
    }
  }

  /** Many of one type in one command; those that are not there are none too few. Does not wait for their end either. */
  async deleteAll(type: string, names: readonly string[], namespace?: string): Promise<void> {
    for (const some of groupsOf(names)) {
      const argv = ["delete", type, ...inNamespace(namespace), "--ignore-not-found", "--wait=false", ...some];
      await this.command(argv, { what: `delete ${some.length} ${type}`, repeatable: true });
    }
  }

  /** The same merge patch for many of one type. Made twice it is the same as once. */
  async patchAll(type: string, names: readonly string[], patch: unknown): Promise<void> {
    for (const some of groupsOf(names)) {
      const argv = ["patch", type, ...some, "--type", "merge", "-o", "name"];
      argv.push("--field-manager", "pulumi-kubeadm", "--patch-file", "/dev/stdin");
      const stdin = JSON.stringify(patch);
      await this.command(argv, { what: `patch ${some.length} ${type}`, stdin, repeatable: true });
    }
  }

  async raw(path: string): Promise<unknown> {
    return JSON.parse(await this.command(["get", "--raw", path], { what: `get ${path}`, repeatable: true }));
  }

  /** Never repeated: only the caller knows what a second time would mean. */
  async post(path: string, body: unknown): Promise<void> {
    const call: Call = { what: `post ${path}`, stdin: JSON.stringify(body), repeatable: false };
    await this.command(["create", "--raw", path, "-f", "-"], call);
  }

  /** What the API calls a kind; undefined when it has no such kind. */
  async resource(apiVersion: string, kind: string): Promise<kube.ResourceKind | undefined> {
    const known = await (this.kinds.get(apiVersion) ?? this.discover(apiVersion));
    // A CRD may have come since: what is missing is asked for again.
    return known.get(kind) ?? (await this.discover(apiVersion)).get(kind);
  }

  /** Any kubectl command; gives its standard output. */
  async command(argv: readonly string[], call: Call): Promise<string> {
    const over = Date.now() + this.patienceMs;
    for (let pause = 300; ; pause = Math.min(pause * 2, 3000)) {
      try {
        return await this.once(argv, call);
      } catch (error) {
        const again = call.repeatable && hasReason(error, "Unavailable") && Date.now() + pause < over;
        if (!again) throw error;
        await sleep(pause);
      }
    }
  }

  private async once(argv: readonly string[], call: Call): Promise<string> {
    const result = await this.host.run(
      [...base, ...this.server, `--request-timeout=${this.requestSeconds}s`, ...argv],
      {
        // kubectl ends by itself; a second request of the same command (discovery) has its own time.
        timeoutMs: (this.requestSeconds * 2 + 5) * 1000,
        ok: [0, 1],
        secretOutput: true,
        ...(call.stdin === undefined ? {} : { stdin: call.stdin }),
      },
    );
    if (result.code === 0) return result.stdout;
    throw apiError(this.label, call.what, result.stderr, call.secrets);
  }

  private discover(apiVersion: string): Promise<Map<string, kube.ResourceKind>> {
    const found = this.kindsOf(apiVersion);
    this.kinds.set(apiVersion, found);
    // A failure is the caller's to see, and not to be remembered.
    found.catch(() => this.kinds.delete(apiVersion));
    return found;
  }

  private async kindsOf(apiVersion: string): Promise<Map<string, kube.ResourceKind>> {
    try {
      const list = (await this.raw(kube.groupPath(apiVersion))) as { resources?: ApiResource[] };
      const whole = (list.resources ?? []).filter((resource) => !resource.name.includes("/"));
      return new Map(whole.map(({ kind, name, namespaced }) => [kind, { plural: name, namespaced }]));
    } catch (error) {
      if (error instanceof ApiError && error.reason === "NotFound") return new Map();
      throw error;
    }
  }
}

interface ApiResource {
  name: string;
  kind: string;
  namespaced: boolean;
}

function inNamespace(namespace: string | undefined): string[] {
  return namespace ? ["-n", namespace] : [];
}
