// A gate: so many at a time, the others wait in order.

export class Gate {
  private active = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private places: number) {
    if (!(places >= 1)) throw new RangeError("a gate needs at least one place");
  }

  get capacity(): number {
    return this.places;
  }

  /** The other side allows fewer than we thought. Those inside stay inside. */
  narrow(places: number): void {
    this.places = Math.max(1, Math.min(this.places, places));
  }

  get inside(): number {
    return this.active;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const leave = await this.enter();
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** For who cannot say it as one function. Leaving twice counts once. */
  async enter(): Promise<() => void> {
    if (this.active < this.places && this.waiting.length === 0) this.active += 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    let inside = true;
    return () => {
      if (inside) this.leave();
      inside = false;
    };
  }

  /** The place is handed over directly, so that nobody slips in between. */
  private leave(): void {
    const next = this.active <= this.places ? this.waiting.shift() : undefined;
    if (next) next();
    else this.active -= 1;
  }
}
