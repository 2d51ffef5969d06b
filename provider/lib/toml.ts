// Writing TOML 1.0, as much of it as configuration files need.
import { type Document, isDocument } from "./merge";

/** Tables in the order of the keys; a table's own values come before its subtables, as TOML demands. */
export function stringifyToml(document: Document): string {
  return `${table(document, []).join("\n").trim()}\n`;
}

function table(document: Document, path: readonly string[]): string[] {
  const said = Object.entries(document).filter(([, value]) => value !== undefined);
  const subtables = said.filter((entry): entry is [string, Document] => isDocument(entry[1]));
  const values = said
    .filter(([, value]) => !isDocument(value))
    .map(([key, value]) => `${name(key)} = ${inline(value)}`);
  // A table of nothing but subtables is implied by them; an empty one has to be named to be there.
  const header =
    path.length > 0 && (values.length > 0 || subtables.length === 0) ? ["", `[${path.map(name).join(".")}]`] : [];
  return [...header, ...values, ...subtables.flatMap(([key, below]) => table(below, [...path, key]))];
}

function name(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : text(key);
}

function inline(value: unknown): string {
  if (typeof value === "string") return text(value);
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number" && Number.isFinite(value)) return number(value);
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (!isDocument(value)) throw new TypeError(`TOML has no way to write ${value === null ? "null" : typeof value}`);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{ ${fields.map(([key, field]) => `${name(key)} = ${inline(field)}`).join(", ")} }`;
}

/** Beyond this a whole number is not exact, and String would write an exponent, which makes it a float. */
function number(value: number): string {
  if (Object.is(value, -0)) return "-0.0";
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : String(value);
}

const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\" };

function text(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what has to be escaped
  const escaped = value.replace(/[\u0000-\u001f\u007f"\\]/g, (char) => {
    return short[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}
