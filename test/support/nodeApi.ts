// What a node's own listener tells, asked through the API server as `kubectl top` and the library's suite do.
import type { Loose, Workstation } from "./workstation";

export class NodeApi {
  constructor(
    private readonly kubectl: Workstation,
    private readonly node: string,
  ) {}

  /** UIDs of all pods that the node has been given. */
  async pods(): Promise<string[]> {
    const { items } = JSON.parse(await this.raw("pods")) as Loose;
    for (const { spec } of items) if (spec.nodeName !== this.node) throw new Error(`a pod of ${spec.nodeName}`);
    return items.map(({ metadata }: Loose) => metadata.uid);
  }

  /** UIDs of those of which something runs. */
  async runningPods(): Promise<string[]> {
    const { items } = JSON.parse(await this.raw("runningpods/")) as Loose;
    return items.map(({ metadata }: Loose) => metadata.uid);
  }

  async summary(): Promise<Loose> {
    return JSON.parse(await this.raw("stats/summary"));
  }

  /** Label sets of a metric of /metrics/resource. */
  async resourceLabels(metric: string): Promise<Record<string, string>[]> {
    const lines = (await this.raw("metrics/resource")).split("\n").filter((line) => line.startsWith(`${metric}{`));
    return lines.map((line) =>
      Object.fromEntries([...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value])),
    );
  }

  private raw(path: string): Promise<string> {
    return this.kubectl.run("get", "--raw", `/api/v1/nodes/${this.node}/proxy/${path}`);
  }
}
