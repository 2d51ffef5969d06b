// Whether a document holds all that was asked for; what others or defaults added beside it does not count. Pure.

export function holds(actual: unknown, wanted: unknown): boolean {
  if (wanted === null || wanted === undefined) return true;
  if (Array.isArray(wanted))
    return (
      Array.isArray(actual) &&
      actual.length === wanted.length &&
      wanted.every((item, index) => holds(actual[index], item))
    );
  if (typeof wanted === "object") {
    if (typeof actual !== "object" || actual === null || Array.isArray(actual)) return false;
    const fields = actual as Record<string, unknown>;
    return Object.entries(wanted).every(([key, value]) => holds(fields[key], value));
  }
  return actual === wanted || (absent(actual) && zero(wanted)) || duration(actual) === duration(wanted);
}

/** Written out by nobody: the zero value is left out of what a component writes. */
function absent(value: unknown): boolean {
  return value === undefined || value === null;
}

function zero(value: unknown): boolean {
  return value === "" || value === 0 || value === false;
}

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** "90s" and "1m30s" are one duration; anything else is only itself. */
function duration(value: unknown): unknown {
  if (typeof value !== "string" || !/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(value)) return value;
  let sum = 0;
  for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g))
    sum += Number(amount) * (units[unit ?? ""] ?? 0);
  return sum;
}
