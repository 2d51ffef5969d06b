import assert from "node:assert/strict";
import { test } from "node:test";
import { known, run } from "./graph";
import { clusterArgs, hosts } from "./programs";

const whole = () => run((door) => new door.K8sCluster("prod", clusterArgs()));
const addon = () =>
  run((door) => {
    const cluster = new door.K8sCluster("prod", clusterArgs());
    return new door.Addon("hello", {
      cluster,
      manifests: [{ apiVersion: "v1", kind: "Namespace", metadata: { name: "x" } }],
    });
  });

test("a cluster is these resources under these names", async () => {
  const { graph } = await whole();
  const node = (name: string, own: string) => [
    `prod-${name}`,
    `prod-${name}-machine`,
    `prod-${name}-host`,
    `prod-${name}-${own}`,
  ];
  assert.deepEqual(
    graph.all.map(({ name }) => name).sort(),
    [
      "prod",
      "prod-identity",
      "prod-preflight",
      "prod-kubeconfig",
      ...["cp1", "cp2", "cp3"].flatMap((name) => node(name, "control-plane")),
      ...["w1", "w2"].flatMap((name) => node(name, "worker")),
    ].sort(),
  );
});

test("every child stands under its component and carries its name in front", async () => {
  const { graph } = await addon();
  const tops = graph.all.filter((resource) => !graph.parentOf(resource)).map(({ name }) => name);
  assert.deepEqual(tops.sort(), ["hello", "prod"]);
  for (const resource of graph.all) {
    const parent = graph.parentOf(resource);
    if (!parent) continue;
    assert.equal(parent.custom, false, `${resource.name} stands under a component`);
    assert.ok(resource.name.startsWith(`${parent.name}-`), `${resource.name} under ${parent.name}`);
  }
  assert.equal(graph.parentOf(graph.named("prod-w1-worker"))?.name, "prod-w1");
  assert.equal(graph.parentOf(graph.named("prod-w1"))?.name, "prod");
  assert.equal(graph.parentOf(graph.named("hello-manifests"))?.name, "hello");
});

test("a node is called by its key in Kubernetes, not by its resource", async () => {
  const { graph, result } = await whole();
  assert.equal(graph.named("prod-w1-worker").inputs.name, "w1");
  assert.deepEqual(Object.keys(result.controlPlanes), ["cp1", "cp2", "cp3"]);
  assert.equal(result.workers.w2?.nodeName, "w2");
});

test("machines wait for nobody", async () => {
  const { graph } = await whole();
  for (const { name, waitsFor } of graph.of("Machine")) assert.deepEqual(waitsFor, [], name);
});

test("the preflight sees all hosts and waits for their machines", async () => {
  const { graph } = await whole();
  const [preflight] = graph.of("Preflight");
  assert.deepEqual(Object.keys(preflight?.inputs.hosts as object), ["cp1", "cp2", "cp3", "w1", "w2"]);
  for (const machine of graph.of("Machine")) assert.ok(preflight?.waitsFor.includes(machine.name), machine.name);
});

test("hosts wait for the preflight and not for each other", async () => {
  const { graph } = await whole();
  const later = [...graph.of("Host"), ...graph.of("ControlPlane"), ...graph.of("Worker")].map(({ name }) => name);
  assert.equal(graph.of("Host").length, 5);
  for (const { name, waitsFor } of graph.of("Host")) {
    assert.ok(waitsFor.includes("prod-preflight"), name);
    assert.deepEqual(
      waitsFor.filter((other) => later.includes(other)),
      [],
      name,
    );
  }
});

test("where one node hands the bundle out, the other hosts wait for it and know the way, and it waits for none", async () => {
  const source = { bundle: { path: "/srv/bundle", via: "w2" } };
  const { graph } = await run((door) => {
    const cluster = new door.K8sCluster("prod", clusterArgs({ source }));
    new door.WorkerNode("late", { cluster, connection: { host: "late.example" } });
  });
  for (const { name, waitsFor, inputs } of graph.of("Host")) {
    const others = waitsFor.filter((other) => other.endsWith("-host"));
    assert.deepEqual(others, name === "prod-w2-host" ? [] : ["prod-w2-host"], name);
    const { via } = inputs as { via?: { name: string; target: { address: string } } };
    const way = name === "prod-w2-host" ? undefined : ["w2", "address-of-prod-w2-machine"];
    assert.deepEqual(via && [via.name, via.target.address], way, name);
  }
});

test("control planes form a chain in the order of the map, each after its own host", async () => {
  const { graph } = await run(
    (door) => new door.K8sCluster("prod", clusterArgs({ controlPlanes: hosts("zeta", "alpha", "mid") })),
  );
  const before = (name: string) =>
    graph.named(`prod-${name}-control-plane`).waitsFor.filter((other) => /-(control-plane|host|worker)$/.test(other));
  assert.deepEqual(before("zeta"), ["prod-zeta-host"]);
  assert.deepEqual(before("alpha"), ["prod-alpha-host", "prod-zeta-control-plane"]);
  assert.deepEqual(before("mid"), ["prod-alpha-control-plane", "prod-mid-host", "prod-zeta-control-plane"]);
  const leading = graph.of("Host").filter(({ inputs }) => "leads" in inputs);
  assert.deepEqual(
    leading.map(({ name }) => name),
    ["prod-zeta-host"],
    "the one that starts the cluster is served first",
  );
});

test("workers wait for all control planes and their own host, and not for each other", async () => {
  const { graph } = await whole();
  for (const name of ["w1", "w2"]) {
    const before = graph
      .named(`prod-${name}-worker`)
      .waitsFor.filter((other) => /-(control-plane|host|worker)$/.test(other));
    assert.deepEqual(before, [
      "prod-cp1-control-plane",
      "prod-cp2-control-plane",
      "prod-cp3-control-plane",
      `prod-${name}-host`,
    ]);
  }
});

test("the kubeconfig waits for the control planes and not for workers", async () => {
  const { graph } = await whole();
  const { waitsFor } = graph.named("prod-kubeconfig");
  assert.deepEqual(
    waitsFor.filter((other) => /-(control-plane|worker)$/.test(other)),
    ["prod-cp1-control-plane", "prod-cp2-control-plane", "prod-cp3-control-plane"],
  );
});

test("an addon waits for all control planes and workers", async () => {
  const { graph } = await addon();
  const { waitsFor } = graph.named("hello-manifests");
  assert.deepEqual(
    waitsFor.filter((other) => /-(control-plane|worker)$/.test(other)),
    ["prod-cp1-control-plane", "prod-cp2-control-plane", "prod-cp3-control-plane", "prod-w1-worker", "prod-w2-worker"],
  );
});

test("nobody waits for a component, which would wait for every child of it", async () => {
  const { graph } = await addon();
  const components = graph.all.filter(({ custom }) => !custom).map(({ name }) => name);
  for (const { name, waitsFor } of graph.all) {
    assert.deepEqual(
      waitsFor.filter((other) => components.includes(other)),
      [],
      name,
    );
  }
});

test("no leaf takes outputs of what is updated: a preview would make everything behind it unknown", async () => {
  const { graph } = await addon();
  const stable = [...graph.of("Identity"), ...graph.of("Machine")].map(({ name }) => name);
  for (const { name, takesFrom } of graph.leaves) {
    assert.deepEqual(
      takesFrom.filter((other) => !stable.includes(other)),
      [],
      name,
    );
  }
});

test("who is replaced by the user's word leaves before it is made anew, and only what is on a host stays", async () => {
  const { graph } = await addon();
  for (const { name, type, leavesBeforeReplaced } of graph.leaves)
    assert.equal(leavesBeforeReplaced, !type.endsWith(":Host"), name);
});

test("whoever needs the API carries the way to all control planes", async () => {
  const { graph } = await addon();
  for (const kind of ["Preflight", "ControlPlane", "Worker", "Kubeconfig", "Manifests"]) {
    for (const { name, inputs } of graph.of(kind)) {
      assert.deepEqual(Object.keys(inputs.reach as object).sort(), ["cp1", "cp2", "cp3"], name);
    }
  }
});

test("the endpoint is the first control plane's address, or the one that is given", async () => {
  const own = await whole();
  assert.equal(await known(own.result.endpoint), "address-of-prod-cp1-machine:6443");
  const given = await run(
    (door) => new door.K8sCluster("prod", clusterArgs({ endpoint: { host: "api.example", port: 8443 } })),
  );
  assert.equal(await known(given.result.endpoint), "api.example:8443");
});

test("outputs of the cluster are there", async () => {
  const { result } = await whole();
  assert.equal(await known(result.clusterId), "cluster-1");
  assert.equal(await known(result.kubeconfig), "apiVersion: v1");
});

test("a preview of a new cluster has the same resources, though nothing is known", async () => {
  const [{ graph: planned }, { graph }] = [
    await run((door) => new door.K8sCluster("prod", clusterArgs()), { preview: true }),
    await whole(),
  ];
  const names = (resources: { name: string }[]) => resources.map(({ name }) => name).sort();
  assert.deepEqual(names(planned.all), names(graph.all));
});

test("two clusters of one program share nothing", async () => {
  const { graph } = await run((door) => {
    new door.K8sCluster("a", clusterArgs());
    new door.K8sCluster("b", clusterArgs({ controlPlanes: hosts("cp9"), workers: {} }));
  });
  for (const { name, waitsFor } of graph.all) {
    const [own] = name.split("-");
    assert.deepEqual(
      waitsFor.filter((other) => !other.startsWith(`${own}-`)),
      [],
      name,
    );
  }
});
