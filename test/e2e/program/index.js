// Clusters, nodes and addons as the stack's configuration describes them, so that a test changes a program by changing data.
const pulumi = require("@pulumi/pulumi");
const kubeadm = require("pulumi-kubeadm");

const config = new pulumi.Config();
const spec = config.requireObject("spec");
const secrets = config.getSecretObject("secrets");

/** {"$secret": "key"} stands for a value of the secret configuration. */
function resolve(value) {
  if (Array.isArray(value)) return value.map(resolve);
  if (value === null || typeof value !== "object") return value;
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
for (const [name, args] of Object.entries(spec.workerNodes ?? {})) {
  new kubeadm.WorkerNode(name, { ...resolve(args), cluster: clusters[args.cluster] });
}
for (const [name, args] of Object.entries(spec.addons ?? {})) {
  new kubeadm.Addon(name, { ...resolve(args), cluster: clusters[args.cluster] });
}

exports.clusters = result;
