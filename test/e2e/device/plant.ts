// A plant: a cluster whose worker carries the agents of two devices, one reached by SSH and one at the end of a serial line.
import assert from "node:assert/strict";
import { type Args, clusterOf, Program, type Spec, secret } from "../../support/program";
import { TestLab } from "../../support/testLab";
import { Workstation } from "../../support/workstation";
import { serialDevice } from "../../tools/nodeAgent";

/** The nodes' names; the first is the device's own, too. */
export const press = "press-7";
export const gauge = "gauge-3";
export const namespace = "hall";

/** What the device at the end of the line is: a program of the worker's, and everything it has a child of it or below its directory. */
export const line = { unit: "gauge", directory: "/run/gauge", program: "/run/serial-device", device: "/dev/gauge" };

const lineUnit = `
cat >/run/systemd/system/${line.unit}.service <<'END'
[Service]
ExecStart=${line.program} --directory ${line.directory} --pty ${line.device}
END
systemctl daemon-reload
systemctl start ${line.unit}
`;

export class Plant {
  private workstation: Workstation | undefined;
  private made: { program: Program; spec: Spec } | undefined;

  private constructor(readonly lab: TestLab) {}

  static async open(): Promise<Plant> {
    return new Plant(await TestLab.open("e2e-device"));
  }

  close(): Promise<void> {
    this.made?.program.close();
    return this.lab.close();
  }

  async build(): Promise<void> {
    const { lab } = this;
    await lab.up(["cp1", "w1"]);
    await lab.up(["press"], { user: "plc", device: true });
    await lab.put("w1", await serialDevice(), line.program);
    await lab.sh("w1", lineUnit);
    const nodes = { controlPlanes: ["cp1"], workers: ["w1"] };
    const spec = { clusters: { plant: await clusterOf(lab, nodes, { virtualKubelets: this.devices() }) } };
    this.made = { program: await Program.create(), spec };
    await this.describe(lab.privateKey());
  }

  private devices(): Record<string, Args> {
    const connection = { host: this.lab.host("press").address, user: "plc", privateKey: secret("deviceKey") };
    const timeouts = { drain: 60, ready: 60 };
    return {
      [press]: {
        provider: { ssh: { connection, logs: { maxSize: "256Ki", maxFiles: 3 } } },
        capacity: { cpu: "4", memory: "2Gi", pods: 110 },
        timeouts,
      },
      [gauge]: {
        provider: { serial: { device: line.device, timeout: 2, retries: 2 } },
        capacity: { cpu: "1", memory: "64Mi", pods: 5 },
        timeouts,
      },
    };
  }

  private get stack() {
    assert.ok(this.made, "the plant was not built");
    return this.made;
  }

  get program(): Program {
    return this.stack.program;
  }

  get kubectl(): Workstation {
    assert.ok(this.workstation, "there is no cluster yet");
    return this.workstation;
  }

  /** What the next `up` is to make, and what it logs in to the device with. */
  async describe(deviceKey: string): Promise<void> {
    await this.program.describe(this.stack.spec, { sshKey: this.lab.privateKey(), deviceKey });
  }

  /** Takes a device out of the program. */
  async without(device: string): Promise<void> {
    const { virtualKubelets, ...plant } = this.stack.spec.clusters?.["plant"] ?? {};
    const { [device]: _gone, ...rest } = virtualKubelets as Record<string, Args>;
    this.stack.spec.clusters = { plant: { ...plant, virtualKubelets: rest } };
    await this.describe(this.lab.privateKey());
  }

  async up(): Promise<string> {
    const { code, output } = await this.program.stack.up();
    assert.equal(code, 0, output);
    this.workstation ??= await Workstation.create(await this.program.kubeconfig("plant"));
    return output;
  }

  async apply(items: Args[]): Promise<void> {
    await this.kubectl.applyAs("test", { apiVersion: "v1", kind: "List", items });
  }

  /** kubectl in the namespace of the test's pods. */
  inHall(...args: string[]): Promise<string> {
    return this.kubectl.run("-n", namespace, ...args);
  }

  /** How many processes of the ssh device were started with this in their command. */
  async processes(words: string): Promise<number> {
    // The brackets keep the pattern from finding itself.
    const pattern = `[${words.charAt(0)}]${words.slice(1)}`;
    return Number(await this.lab.sh("press", `ps -eo args | grep -c -- '${pattern}' || true`));
  }
}
