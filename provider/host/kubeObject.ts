// Objects of the API as plain JSON, and how they are named. Pure.

export interface KubeMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  deletionTimestamp?: string;
  [field: string]: unknown;
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: KubeMeta;
  [field: string]: unknown;
}

/** Which object there is or was; with `uid` that one and no later one of the same name. */
export interface Identity {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string;
  uid?: string;
}

/** Which object, `type` as kubectl knows it: "nodes", "Deployment.v1.apps". */
export interface Ref {
  type: string;
  name: string;
  namespace?: string;
}

/** What the API says about a kind. */
export interface ResourceKind {
  plural: string;
  namespaced: boolean;
}

export function identityOf({ apiVersion, kind, metadata: { name, namespace, uid } }: KubeObject): Identity {
  return { apiVersion, kind, name, ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}) };
}

/** An object of which only the name is known. */
export function bare({ apiVersion, kind, name, namespace }: Identity): KubeObject {
  return { apiVersion, kind, metadata: namespace ? { name, namespace } : { name } };
}

/** "Deployment web/hello", "Namespace web". */
export function shown({
  kind,
  name,
  namespace,
}: {
  kind: string;
  name: string;
  namespace?: string | undefined;
}): string {
  return `${kind} ${namespace ? `${namespace}/` : ""}${name}`;
}

/** Where a group and version live: "/api/v1", "/apis/apps/v1". */
export function groupPath(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

export function objectPath(identity: Identity, { plural, namespaced }: ResourceKind): string {
  const scope = namespaced ? `/namespaces/${encodeURIComponent(identity.namespace ?? "default")}` : "";
  return `${groupPath(identity.apiVersion)}${scope}/${plural}/${encodeURIComponent(identity.name)}`;
}

/** A list's objects, or the one object that kubectl printed instead. */
export function items(text: string): KubeObject[] {
  if (text.trim() === "") return [];
  const value = JSON.parse(text) as KubeObject & { items?: KubeObject[] };
  return value.kind.endsWith("List") && Array.isArray(value.items) ? value.items : [value];
}

export function listOf(objects: readonly unknown[]): string {
  return JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
}
