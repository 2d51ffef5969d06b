// A provider's settings as its leaf is told them: field by field, so that only what is secret becomes a secret.

import type * as pulumi from "@pulumi/pulumi";
import { defined } from "../provider/lib/defined";
import type {
  DeviceConnectionArgs,
  RemoteClusterProviderArgs,
  VirtualKubeletProviderArgs,
} from "./args/virtualKubelet";
import { secret } from "./settings";

type Inputs = Record<string, pulumi.Input<unknown> | undefined>;

export function providerOf({ ssh, serial, cri, cluster, simulated }: VirtualKubeletProviderArgs): Inputs {
  return defined({
    ssh: ssh && defined({ ...ssh, connection: device(ssh.connection) }),
    serial: serial && defined(serial),
    cri: cri && defined(cri),
    cluster: cluster && remote(cluster),
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

function remote(args: RemoteClusterProviderArgs): Inputs {
  return defined({
    ...args,
    kubeconfig: secret(args.kubeconfig),
    token: secret(args.token),
    clientKey: secret(args.clientKey),
    password: secret(args.password),
  }) as Inputs;
}
