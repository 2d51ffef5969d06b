// The same work done by the raw script and by the provider, on fresh hosts of one lab.
import { TestLab } from "../../support/testLab";

export interface BothWays<Raw, Provider> {
  raw: Raw;
  provider: Provider;
}

export async function bothWays<Raw, Provider>(
  hosts: readonly string[],
  withRaw: (lab: TestLab) => Promise<Raw>,
  withProvider: (lab: TestLab) => Promise<Provider>,
): Promise<BothWays<Raw, Provider>> {
  const lab = await TestLab.open("bench");
  try {
    await lab.up(hosts);
    const raw = await withRaw(lab);
    await lab.close();
    await lab.up(hosts);
    return { raw, provider: await withProvider(lab) };
  } finally {
    await lab.close();
  }
}
