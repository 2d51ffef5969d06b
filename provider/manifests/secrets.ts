// Secrets inside of manifests: in the form in which they are applied, and as strings that no message may hold. Pure.
import type { KubeObject } from "../host/kubeObject";

/** `stringData` is written but never read, so server-side apply could not take a key away again: it becomes `data`. */
export function asApplied(object: KubeObject): KubeObject {
  const { stringData, ...rest } = object;
  if (!isSecret(object) || !isMap(stringData)) return object;
  const encoded = Object.entries(stringData).map(([key, value]) => [
    key,
    Buffer.from(String(value)).toString("base64"),
  ]);
  return {
    ...rest,
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: object.metadata,
    data: { ...(isMap(object.data) ? object.data : {}), ...Object.fromEntries(encoded) },
  };
}

export function secretsOf(objects: readonly KubeObject[]): string[] {
  return objects.filter(isSecret).flatMap(({ data, stringData }) => {
    const encoded = isMap(data) ? Object.values(data).map(String) : [];
    const plain = isMap(stringData) ? Object.values(stringData).map(String) : [];
    return [...encoded, ...plain, ...encoded.map((value) => Buffer.from(value, "base64").toString())];
  });
}

function isSecret({ apiVersion, kind }: KubeObject): boolean {
  return kind === "Secret" && apiVersion === "v1";
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
