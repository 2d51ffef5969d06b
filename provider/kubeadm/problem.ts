/** Something an argument cannot be, found without any I/O. Never holds a secret's value. */
export interface Problem {
  /** Of the argument, as the user writes it: "network.podCidr". */
  readonly path: string;
  readonly reason: string;
}

export function describe({ path, reason }: Problem): string {
  return path === "" ? reason : `${path}: ${reason}`;
}
