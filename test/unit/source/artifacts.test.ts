import assert from "node:assert/strict";
import { test } from "node:test";
import { allArtifacts, digestIn } from "../../../provider/source/artifacts";
import { addressOf, printable } from "../../../provider/source/download";

const versions = { kubernetes: "1.34.4", containerd: "2.1.6", runc: "1.3.4", cniPlugins: "1.9.1" };
const [a, b] = ["a".repeat(64), "b".repeat(64)];

test("addresses are upstream's own, and a mirror has the host as first part of the path", () => {
  const paths = allArtifacts(versions, "arm64").map(({ path, checksum }) => [path, checksum]);
  assert.deepEqual(
    paths,
    [
      ["kubeadm", "kubelet", "kubectl"].map((program) => {
        const path = `dl.k8s.io/release/v1.34.4/bin/linux/arm64/${program}`;
        return [path, `${path}.sha256`];
      }),
      [
        [
          "github.com/opencontainers/runc/releases/download/v1.3.4/runc.arm64",
          "github.com/opencontainers/runc/releases/download/v1.3.4/runc.sha256sum",
        ],
        [
          "github.com/containerd/containerd/releases/download/v2.1.6/containerd-2.1.6-linux-arm64.tar.gz",
          "github.com/containerd/containerd/releases/download/v2.1.6/containerd-2.1.6-linux-arm64.tar.gz.sha256sum",
        ],
        [
          "github.com/containernetworking/plugins/releases/download/v1.9.1/cni-plugins-linux-arm64-v1.9.1.tgz",
          "github.com/containernetworking/plugins/releases/download/v1.9.1/cni-plugins-linux-arm64-v1.9.1.tgz.sha256",
        ],
      ],
    ].flat(),
  );
  assert.equal(addressOf("dl.k8s.io/x", undefined), "https://dl.k8s.io/x");
  assert.equal(addressOf("dl.k8s.io/x", "http://mirror.example:8080/"), "http://mirror.example:8080/dl.k8s.io/x");
});

test("checksum files of one and of many", () => {
  assert.equal(digestIn(`${a}\n`, "dl.k8s.io/kubeadm"), a);
  assert.equal(digestIn(`${a}  runc.amd64\n${b} *runc.arm64\n`, "x/runc.arm64"), b);
  assert.equal(digestIn(`${a}  ./dist/runc.amd64\n`, "x/runc.amd64"), a);
  assert.equal(digestIn(`${a}  runc.amd64\n`, "x/runc.arm64"), undefined);
  assert.equal(digestIn("<html>not found</html>", "x/runc.arm64"), undefined);
});

test("a password in an address is not shown", () => {
  assert.equal(printable("https://user:secret@mirror.example/x"), "https://mirror.example/x");
});
