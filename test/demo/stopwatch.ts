/** How long each part took, for people to read; nothing is judged by it. */
export class Stopwatch {
  private readonly parts: [name: string, seconds: number][] = [];

  async time<T>(name: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.parts.push([name, (performance.now() - start) / 1000]);
    }
  }

  table(): string {
    const total: [string, number] = ["altogether", this.parts.reduce((sum, [, seconds]) => sum + seconds, 0)];
    return [...this.parts, total]
      .map(([name, seconds]) => `${name.padEnd(16)}${seconds.toFixed(1).padStart(8)} s`)
      .join("\n");
  }
}
