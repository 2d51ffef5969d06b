// A step looks at the host, compares, acts, verifies. Order lives in recipes.ts alone; steps never call steps.
import type { Host } from "../host/host";
import { StepError } from "../lib/errors";
import type { Progress } from "../lib/progress";

export interface StepContext {
  readonly host: Host;
  readonly progress: Progress;
}

export interface Step<C extends StepContext> {
  /** Same words as the file and the export: "install container runtime". */
  readonly title: string;
  /** Absent: always. */
  readonly when?: (context: C) => boolean;
  readonly run: (context: C) => Promise<void>;
}

export async function runSteps<C extends StepContext>(context: C, steps: readonly Step<C>[]): Promise<void> {
  const due = steps.filter((step) => step.when?.(context) ?? true);
  for (const [index, step] of due.entries()) {
    context.progress.say(`${step.title} on ${context.host.label} (${index + 1}/${due.length})`);
    try {
      await step.run(context);
    } catch (error) {
      throw StepError.of(context.host.label, step.title, error);
    }
  }
}
