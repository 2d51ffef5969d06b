import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { companions, defaultVersions } from "../../../provider/kubeadm/companions";
import {
  atLeast,
  cgroupProblem,
  minorOf,
  normalVersion,
  parseVersion,
  skewProblems,
  supportedMinors,
  versionChangeProblems,
  versionProblems,
} from "../../../provider/kubeadm/versions";

const part = fc.nat({ max: 60 });
const version = fc.tuple(part, part, part).map((parts) => parts.join("."));

test("an exact version is read with and without its v", () => {
  fc.assert(
    fc.property(version, (text) => {
      assert.equal(parseVersion(text)?.version, text);
      assert.equal(normalVersion(`v${text}`), text);
      assert.equal(minorOf(text), text.split(".").slice(0, 2).join("."));
    }),
  );
});

test("what is no exact version is refused", () => {
  for (const text of [
    "",
    "1.34",
    "v1",
    "stable",
    "latest-1",
    "~1.34.4",
    "1.34.x",
    ">=1.34.4",
    "vv1.34.4",
    " 1.34.4",
    "1.34.4 ",
  ]) {
    assert.equal(parseVersion(text), undefined, text);
    assert.equal(versionProblems(text).length, 1, text);
  }
});

test("exactly the known minors are supported, in any patch release", () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 }), part, part, (major, minor, patch) => {
      const known = supportedMinors.some((supported) => supported === `${major}.${minor}`);
      assert.equal(versionProblems(`${major}.${minor}.${patch}`).length, known ? 0 : 1);
    }),
  );
});

test("a kubelet is at most three minors behind its API server and never ahead", () => {
  fc.assert(
    fc.property(part, part, part, part, (server, patch, kubelet, other) => {
      const problems = skewProblems({ apiServer: `1.${server}.${patch}`, kubelet: `1.${kubelet}.${other}` });
      assert.equal(problems.length === 0, server - kubelet >= 0 && server - kubelet <= 3);
    }),
  );
});

test("kubeadm is of the cluster's minor", () => {
  assert.deepEqual(
    skewProblems({ apiServer: "1.34.4", kubeadm: "1.34.0", kubelet: "1.31.9", kubeProxy: "1.34.4" }),
    [],
  );
  const [problem, ...more] = skewProblems({ apiServer: "1.34.4", kubeadm: "1.35.0" });
  assert.match(problem?.reason ?? "", /kubeadm 1\.35\.0 .* 1\.34\.4.* same minor/);
  assert.deepEqual(more, []);
});

test("another major never fits", () => {
  assert.equal(skewProblems({ apiServer: "2.0.0", kubelet: "1.36.0" }).length, 1);
  assert.equal(skewProblems({ apiServer: "1.36.0", kubelet: "2.0.0" }).length, 1);
});

test("a version is at least its own minor", () => {
  fc.assert(
    fc.property(part, part, part, (minor, patch, other) => {
      assert.equal(atLeast(`1.${minor}.${patch}`, `1.${other}`), minor >= other);
    }),
  );
});

test("cgroup v1 is a problem from 1.35 on, unless the kubelet is told to bear it", () => {
  assert.equal(cgroupProblem("1.34.4", 1, undefined), undefined);
  assert.equal(cgroupProblem("1.35.4", 2, undefined), undefined);
  assert.equal(cgroupProblem("1.35.4", 1, { failCgroupV1: false }), undefined);
  assert.match(cgroupProblem("1.35.0", 1, undefined) ?? "", /cgroup v1.*failCgroupV1/);
  assert.match(cgroupProblem("1.36.3", 1, { failCgroupV1: true }) ?? "", /cgroup v1/);
});

test("companions are those of kubeadm's own constants, which change within a minor", () => {
  assert.deepEqual(companions("1.33.5"), { etcd: "3.5.21-0", coredns: "v1.12.0", pause: "3.10" });
  assert.deepEqual(companions("v1.33.13"), { etcd: "3.5.24-0", coredns: "v1.12.0", pause: "3.10" });
  assert.deepEqual(companions("1.34.1"), { etcd: "3.6.4-0", coredns: "v1.12.1", pause: "3.10.1" });
  assert.deepEqual(companions("1.34.4"), { etcd: "3.6.5-0", coredns: "v1.12.1", pause: "3.10.1" });
  assert.deepEqual(companions("1.35.4"), { etcd: "3.6.6-0", coredns: "v1.13.1", pause: "3.10.1" });
  assert.deepEqual(companions("1.36.3"), { etcd: "3.6.8-0", coredns: "v1.14.2", pause: "3.10.2" });
  assert.throws(() => companions("1.20.0"), /not known/);
});

test("every supported minor has companions, and the default version is supported", () => {
  for (const minor of supportedMinors) assert.ok(companions(`${minor}.0`).etcd);
  assert.deepEqual(versionProblems(defaultVersions.kubernetes), []);
});

const supported = fc.tuple(fc.constantFrom(...supportedMinors), part).map(([minor, patch]) => `${minor}.${patch}`);

test("a change of version goes up, and by one minor at most", () => {
  fc.assert(
    fc.property(supported, supported, (before, after) => {
      const [from, to] = [parseVersion(before), parseVersion(after)];
      assert.ok(from && to);
      const allowed = to.compare(from) >= 0 && to.minor - from.minor <= 1;
      assert.equal(versionChangeProblems(before, after).length, allowed ? 0 : 1, `${before} to ${after}`);
    }),
  );
});

test("a change that is refused says why, and what to do", () => {
  assert.match(
    versionChangeProblems("1.33.13", "1.35.4").join(),
    /1\.33\.13 to 1\.35\.4 skips a minor.*a 1\.34 release first/,
  );
  assert.match(versionChangeProblems("1.34.4", "1.34.3").join(), /downgrade.*keep 1\.34\.4/);
  assert.match(versionChangeProblems("1.34.4", "1.33.13").join(), /downgrade/);
  assert.match(versionChangeProblems("1.36.3", "1.37.0").join(), /not supported: this release knows/);
  assert.match(versionChangeProblems("1.34.4", "1.35").join(), /no exact version/);
});

test("a cluster of a minor that this release no longer knows may still come up", () => {
  assert.deepEqual(versionChangeProblems("1.32.9", "1.33.13"), []);
});
