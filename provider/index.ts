// The names in here are written into users' states: none is ever renamed or taken away.

import { adapt, type DynamicProvider } from "./dynamic/adapter";
import type { AnyHandler } from "./dynamic/bag";
import { superviseProcess } from "./dynamic/supervise";
import { controlPlane } from "./handlers/controlPlane";
import { host } from "./handlers/host";
import { identity } from "./handlers/identity";
import { kubeconfig } from "./handlers/kubeconfig";
import { machine } from "./handlers/machine";
import { manifests } from "./handlers/manifests";
import { preflight } from "./handlers/preflight";
import { virtualKubelet } from "./handlers/virtualKubelet";
import { worker } from "./handlers/worker";

const handlers: Readonly<Record<string, AnyHandler>> = {
  Identity: identity,
  Machine: machine,
  Preflight: preflight,
  Host: host,
  ControlPlane: controlPlane,
  Worker: worker,
  VirtualKubelet: virtualKubelet,
  Kubeconfig: kubeconfig,
  Manifests: manifests,
};

/** Called by the text in `__provider` of every resource. */
export function handler(kind: string): DynamicProvider {
  const found = handlers[kind];
  if (!found)
    throw new Error(`pulumi-kubeadm/provider knows no leaf "${kind}": is the installed package older than the state?`);
  superviseProcess();
  return adapt(found);
}

export const kinds: readonly string[] = Object.keys(handlers);
