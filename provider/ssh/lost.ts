// Commands of this process that may still run although nobody listens: ended before anything else is done on their host.

const lost = new Map<string, Set<number>>();

export function addLost(machine: string, step: number): void {
  const steps = lost.get(machine) ?? new Set<number>();
  lost.set(machine, steps.add(step));
}

export function lostSteps(machine: string): readonly number[] {
  return [...(lost.get(machine) ?? [])];
}

export function forgetLost(machine: string, steps: readonly number[]): void {
  for (const step of steps) lost.get(machine)?.delete(step);
}
