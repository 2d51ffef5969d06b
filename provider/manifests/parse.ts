// Manifests as a program gives them, objects or YAML text, as one list of objects. Every problem is found, none quotes content.
import {
  type CreateNodeOptions,
  type DocumentOptions,
  LineCounter,
  type ParseOptions,
  parseAllDocuments,
  type SchemaOptions,
} from "yaml";
import type { KubeObject } from "../host/kubeObject";

export type Manifest = string | Record<string, unknown>;

export interface Parsed {
  objects: KubeObject[];
  problems: string[];
}

export function parseManifests(manifests: readonly Manifest[]): Parsed {
  const found: Parsed = { objects: [], problems: [] };
  const places = new Map<string, string>();
  for (const [index, manifest] of manifests.entries()) {
    const place = `manifests[${index}]`;
    const documents =
      typeof manifest === "string" ? readYaml(manifest, place, found.problems) : [{ place, value: manifest }];
    for (const document of documents.flatMap(unfold)) {
      const problems = problemsOf(document.value).map((problem) => `${document.place}: ${problem}`);
      found.problems.push(...problems);
      if (problems.length > 0) continue;
      const object = document.value as KubeObject;
      const first = places.get(sameObject(object));
      if (first)
        found.problems.push(`${document.place}: the same object as ${first}: ${object.kind} ${object.metadata.name}`);
      places.set(sameObject(object), document.place);
      found.objects.push(object);
    }
  }
  return found;
}

interface Document {
  place: string;
  value: unknown;
}

// As kubectl reads YAML: 1.1, where 0644 is octal and `yes` is true, but without times in base 60 and dates.
const options: ParseOptions & DocumentOptions & SchemaOptions & CreateNodeOptions = {
  version: "1.1",
  prettyErrors: false,
  logLevel: "silent",
  customTags: (tags) =>
    tags.filter(
      (tag) => typeof tag === "string" || (tag.tag !== "tag:yaml.org,2002:timestamp" && tag.format !== "TIME"),
    ),
};

function readYaml(text: string, place: string, problems: string[]): Document[] {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { ...options, lineCounter });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document, index) => {
    const at = documents.length > 1 ? `${place} document ${index + 1}` : place;
    for (const error of document.errors) {
      // The library's own text quotes the line, which may hold a secret.
      const { line, col } = lineCounter.linePos(error.pos[0]);
      problems.push(`${at}: not YAML at line ${line}, column ${col} (${error.code})`);
    }
    if (document.errors.length > 0) return [];
    const value: unknown = document.toJS();
    return value === null ? [] : [{ place: at, value }];
  });
}

/** A list stands for what is in it. */
function unfold({ place, value }: Document): Document[] {
  const list = value as { kind?: unknown; items?: unknown } | undefined;
  if (typeof list?.kind !== "string" || !list.kind.endsWith("List") || !Array.isArray(list.items))
    return [{ place, value }];
  return list.items.map((item: unknown, index) => ({ place: `${place} items[${index}]`, value: item }));
}

function problemsOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return ["is not an object"];
  const { apiVersion, kind, metadata } = value as { apiVersion?: unknown; kind?: unknown; metadata?: unknown };
  const problems = [];
  if (!isText(apiVersion)) problems.push("apiVersion is missing");
  if (!isText(kind)) problems.push("kind is missing");
  const { name, generateName, namespace } = (metadata ?? {}) as {
    name?: unknown;
    generateName?: unknown;
    namespace?: unknown;
  };
  if (!isText(name)) {
    problems.push(
      generateName
        ? "metadata.generateName gives another object every time: give it a name"
        : "metadata.name is missing",
    );
  }
  if (namespace !== undefined && !isText(namespace)) problems.push("metadata.namespace is not a name");
  return problems;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** Without the version: v1 and v1beta1 of one group are two views of the same object. */
export function sameObject({
  apiVersion,
  kind,
  metadata,
}: Pick<KubeObject, "apiVersion" | "kind"> & { metadata: { name: string; namespace?: string } }): string {
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
  return [group, kind, metadata.namespace ?? "default", metadata.name].join("|");
}
