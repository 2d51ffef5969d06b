import assert from "node:assert/strict";
import { test } from "node:test";
import { containerdConfig } from "../../../provider/kubeadm/containerd";
import { endpointCredentials, registryFiles, registryProblems } from "../../../provider/kubeadm/registries";

const plan = { cgroupDriver: "systemd", sandboxImage: "p" } as const;

test("versions of upstream and of distributions choose the shape", () => {
  const shapes: Record<string, number> = {
    "1.6.0": 2,
    "1.6.20~ds1": 2,
    "v1.7.24-0ubuntu1": 2,
    "2.0.0": 3,
    "2.10.1": 3,
  };
  for (const [version, shape] of Object.entries(shapes)) {
    assert.match(containerdConfig({ ...plan, version }), new RegExp(`^version = ${shape}\n`), version);
  }
  for (const version of ["1.5.9", "", "latest"]) {
    assert.throws(() => containerdConfig({ ...plan, version }), /1\.6 or later/, version);
  }
});

test("the user's configuration wins, and null takes out", () => {
  const config = { plugins: { "io.containerd.cri.v1.images": { registry: null, pinned_images: { sandbox: "mine" } } } };
  const text = containerdConfig({ ...plan, version: "2.1.6", config });
  assert.match(text, /sandbox = "mine"/);
  assert.doesNotMatch(text, /config_path/);
});

test("from 2.2 on credentials are in the registries' own files only", () => {
  const registries = { "r.example": { username: "u", password: "hush" } };
  assert.match(containerdConfig({ ...plan, version: "2.1.6", registries }), /hush/);
  assert.doesNotMatch(containerdConfig({ ...plan, version: "2.2.0", registries }), /hush/);
  for (const { mode } of registryFiles(registries)) assert.equal(mode, 0o600);
});

test("credentials go to the mirrors they were given for and to no other host", () => {
  const registries = {
    "registry.k8s.io": { mirrors: ["https://m1.example", "m2.example:5000"], username: "u", password: "p" },
    "m2.example:5000": { username: "v" },
    "docker.io": { username: "w", password: "q" },
  };
  assert.deepEqual(endpointCredentials(registries), [
    { host: "m1.example", username: "u", password: "p" },
    { host: "m2.example:5000", username: "v", password: "" },
    { host: "registry-1.docker.io", username: "w", password: "q" },
  ]);
});

test("what is wrong with registries is told without their secrets", () => {
  const problems = registryProblems({
    "https://r.example/x": {},
    "a.example": { mirrors: ["https://user:hush@m.example", "ok.example:5000"], password: "hush" },
    "b.example": { clientKey: "hush", username: "a:b" },
    _default: {},
    "10.0.0.5:5000": { mirrors: ["http://10.0.0.6"] },
  });
  assert.deepEqual(
    problems.map(({ path }) => path),
    [
      'containerd.registries["https://r.example/x"]',
      'containerd.registries["a.example"].mirrors[0]',
      'containerd.registries["a.example"]',
      'containerd.registries["b.example"]',
      'containerd.registries["b.example"]',
      'containerd.registries["_default"]',
    ],
  );
  assert.doesNotMatch(JSON.stringify(problems), /hush/);
});
