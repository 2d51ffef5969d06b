// Kubernetes' quantities ("500m", "2Gi", "1e3"), as resource.Quantity reads them. Pure.
const quantity = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+))([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;

/** Steps of 1000; the blank is where one of 1 would be. */
const decimal = "num kMGTPE";
const binary = "KMGTPE";

export function isQuantity(text: string): boolean {
  return quantity.test(text);
}

/** Whole bytes, rounded up as the agent does; undefined: no quantity. */
export function bytesOf(text: string): number | undefined {
  const [, digits, unit = ""] = quantity.exec(text) ?? [];
  return digits === undefined ? undefined : Math.ceil(Number(digits) * factorOf(unit));
}

function factorOf(unit: string): number {
  if (unit === "") return 1;
  if (unit.endsWith("i")) return 1024 ** (binary.indexOf(unit.charAt(0)) + 1);
  // "E" alone is a unit, "E3" an exponent.
  return unit.length > 1 ? Number(`1${unit}`) : 1000 ** (decimal.indexOf(unit) - decimal.indexOf(" "));
}
