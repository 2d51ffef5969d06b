// A provider's settings as its leaf is told them: field by field, so that only what is secret becomes a secret.
import type * as pulumi from "@pulumi/pulumi";
import type { DeviceConnectionArgs, VirtualKubeletProviderArgs } from "./args/virtualKubelet";
import { defined, secret } from "./settings";

type Inputs = Record<string, pulumi.Input<unknown> | undefined>;

export function providerOf({ ssh, serial, cri, simulated }: VirtualKubeletProviderArgs): Inputs {
  return defined({
    ssh: ssh && defined({ ...ssh, connection: device(ssh.connection) }),
    serial: serial && defined(serial),
    cri: cri && defined(cri),
    simulated: simulated && defined(simulated),
  }) as Inputs;
}

function device(args: DeviceConnectionArgs): Inputs {
  return defined({
    ...args,
    privateKey: secret(args.privateKey),
    privateKeyPassword: secret(args.privateKeyPassword),
    password: secret(args.password),
    proxy: args.proxy && device(args.proxy),
  }) as Inputs;
}
