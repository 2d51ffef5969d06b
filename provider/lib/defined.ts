/** Absent fields are left out: the engine would store each as a null that the schema has never heard of, and YAML would write it. */
export function defined<T extends object>(fields: T): { [K in keyof T]: T[K] } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
