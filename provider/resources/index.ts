// One class per leaf, so that a graph reads well; what they mean is in the handlers of the same name.
import type * as pulumi from "@pulumi/pulumi";
import type { ControlPlaneInputs } from "../handlers/controlPlane";
import type { HostInputs } from "../handlers/host";
import type { IdentityInputs } from "../handlers/identity";
import type { KubeconfigInputs } from "../handlers/kubeconfig";
import type { MachineInputs } from "../handlers/machine";
import type { ManifestsInputs } from "../handlers/manifests";
import type { PreflightInputs } from "../handlers/preflight";
import type { VirtualKubeletInputs } from "../handlers/virtualKubelet";
import type { WorkerInputs } from "../handlers/worker";
import { Leaf } from "./leaf";

/** Every field, however deep, may be an Input. */
export type Wired<T> = { [K in keyof T]: pulumi.Input<unknown> };
type Options = pulumi.CustomResourceOptions;

export class Identity extends Leaf {
  declare readonly clusterId: pulumi.Output<string>;
  declare readonly apiEndpoint: pulumi.Output<string>;
  constructor(name: string, inputs: Wired<IdentityInputs>, options: Options) {
    super("Identity", name, inputs, { names: ["clusterId", "apiEndpoint"] }, options);
  }
}

export class Machine extends Leaf {
  declare readonly hostKeys: pulumi.Output<Record<string, string>>;
  declare readonly machineId: pulumi.Output<string>;
  declare readonly nodeAddress: pulumi.Output<string>;
  declare readonly hostname: pulumi.Output<string>;
  constructor(name: string, inputs: Wired<MachineInputs>, options: Options) {
    super("Machine", name, inputs, { names: ["hostKeys", "machineId", "nodeAddress", "hostname"] }, options);
  }
}

export class Preflight extends Leaf {
  /** Whether there was a cluster when it last looked; absent in states of before. */
  declare readonly established: pulumi.Output<boolean | undefined>;
  constructor(name: string, inputs: Wired<PreflightInputs>, options: Options) {
    super("Preflight", name, inputs, { names: ["passed", "established"] }, options);
  }
}

export class Host extends Leaf {
  constructor(name: string, inputs: Wired<HostInputs>, options: Options) {
    // Another machine's is made first, as its handler says; what is on the same machine is never undone under a node.
    super("Host", name, inputs, { names: [] }, { ...options, deleteBeforeReplace: false });
  }
}

export class ControlPlane extends Leaf {
  constructor(name: string, inputs: Wired<ControlPlaneInputs>, options: Options) {
    super("ControlPlane", name, inputs, { names: ["joined"] }, options);
  }
}

export class Worker extends Leaf {
  constructor(name: string, inputs: Wired<WorkerInputs>, options: Options) {
    super("Worker", name, inputs, { names: ["joined"] }, options);
  }
}

export class VirtualKubelet extends Leaf {
  constructor(name: string, inputs: Wired<VirtualKubeletInputs>, options: Options) {
    super(
      "VirtualKubelet",
      name,
      inputs,
      { names: ["nodes", "agentPort", "agentHealthPort", "agentSha256", "deviceKeys"] },
      options,
    );
  }
}

export class Kubeconfig extends Leaf {
  declare readonly kubeconfig: pulumi.Output<string>;
  constructor(name: string, inputs: Wired<KubeconfigInputs>, options: Options) {
    super("Kubeconfig", name, inputs, { names: ["kubeconfig"], secret: ["kubeconfig"] }, options);
  }
}

export class Manifests extends Leaf {
  constructor(name: string, inputs: Wired<ManifestsInputs>, options: Options) {
    super("Manifests", name, inputs, { names: ["applied"] }, options);
  }
}
