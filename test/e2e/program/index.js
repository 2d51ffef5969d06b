// Clusters, nodes and addons as the stack's configuration describes them, so that a test changes a program by changing data.
const pulumi = require("@pulumi/pulumi");
const kubeadm = require("pulumi-kubeadm");

const config = new pulumi.Config();
const spec = config.requireObject("spec");
const secrets = config.getSecretObject("secrets");

/** A machine of somebody else's provider: its delete takes the machine away, with whatever still runs on it. */
const machines = {
  create: async (inputs) => ({ id: inputs.address, outs: inputs }),
  delete: async (_id, { end }) => {
    require("node:child_process").execFileSync(end[0], end.slice(1));
  },
};
class Vm extends pulumi.dynamic.Resource {
  constructor(name, { address, end }) {
    super(machines, name, { address, end });
  }
}
const vms = Object.fromEntries(Object.entries(spec.vms ?? {}).map(([name, args]) => [name, new Vm(name, args)]));

/** Options that name a machine, and `retainOnDelete`. */
function optionsOf({ deletedWith, ...options } = {}) {
  return deletedWith === undefined ? options : { ...options, deletedWith: vms[deletedWith] };
}

/**
 * {"$secret": "key"} stands for a value of the secret configuration, {"$vm": "name"} for the address of a machine, {"$kubeconfig": "name"} for
 * that of a cluster.
 */
function resolve(value) {
  if (Array.isArray(value)) return value.map(resolve);
  if (value === null || typeof value !== "object") return value;
  if (typeof value.$vm === "string") return vms[value.$vm].address;
  if (typeof value.$kubeconfig === "string") return clusters[value.$kubeconfig].kubeconfig;
  if (typeof value.$secret === "string") return secrets.apply((all) => all[value.$secret]);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item)]));
}

const clusters = {};
const result = {};
for (const [name, args] of Object.entries(spec.clusters ?? {})) {
  clusters[name] = new kubeadm.K8sCluster(name, resolve(args));
  result[name] = {
    kubeconfig: clusters[name].kubeconfig,
    endpoint: clusters[name].endpoint,
    clusterId: clusters[name].clusterId,
  };
}
for (const [name, args] of Object.entries(spec.controlPlaneNodes ?? {})) {
  new kubeadm.ControlPlaneNode(name, { ...resolve(args), cluster: clusters[args.cluster] });
}
for (const [name, { options, ...args }] of Object.entries(spec.workerNodes ?? {})) {
  new kubeadm.WorkerNode(name, { ...resolve(args), cluster: clusters[args.cluster] }, optionsOf(options));
}
for (const [name, { runsOn, ...args }] of Object.entries(spec.virtualKubeletNodes ?? {})) {
  const cluster = clusters[args.cluster];
  // A worker by its name, or a machine.
  const machine = typeof runsOn === "string" ? cluster.workers[runsOn] : resolve(runsOn);
  new kubeadm.VirtualKubeletNode(name, { ...resolve(args), cluster, ...(machine ? { runsOn: machine } : {}) });
}
for (const [name, args] of Object.entries(spec.addons ?? {})) {
  new kubeadm.Addon(name, { ...resolve(args), cluster: clusters[args.cluster] });
}

exports.clusters = result;
