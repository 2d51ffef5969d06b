// What counts as done: every node Ready and CoreDNS Available, as the cluster itself says.
import type { TestLab } from "../../support/testLab";
import { say } from "../../tools/run";
import { type Measured, round } from "../measure";
import { kubectl } from "./admin";

/** The end condition counts, not the word of the one that is measured. */
export async function until(lab: TestLab, nodes: readonly string[], run: Measured): Promise<Measured> {
  const late = await conditionSeconds(lab, nodes);
  return { ...run, seconds: round(run.seconds + late) };
}

/** How long it takes until it holds; asking alone takes a few tenths, which are taken off. */
export async function conditionSeconds(lab: TestLab, nodes: readonly string[]): Promise<number> {
  const ask = [
    `test "$(${kubectl} get nodes -o name | wc -l)" = ${nodes.length}`,
    `${kubectl} wait --for=condition=Ready --timeout=300s nodes --all`,
    `${kubectl} -n kube-system wait --for=condition=Available --timeout=300s deployment/coredns`,
  ].join(" && ");
  const timed = async (): Promise<number> => {
    const start = performance.now();
    await lab.sh("cp1", ask);
    return (performance.now() - start) / 1000;
  };
  const waited = await timed();
  const asking = await timed();
  const late = Math.max(0, round(waited - asking));
  if (late > 1) say(`the end condition held ${late} s later`);
  return late;
}
