import assert from "node:assert/strict";
import { test } from "node:test";
import { serverFilesOf } from "../../../provider/steps/backup/serverFiles";

const manifest = (path: string, mountPath: string, hostPath: string, type: string) => `
spec:
  containers:
  - name: kube-apiserver
    command:
    - kube-apiserver
    - --encryption-provider-config=${path}
    volumeMounts:
    - {name: ca, mountPath: /etc/kubernetes}
    - {name: enc, mountPath: ${mountPath}}
    - {name: audit, mountPath: /etc/audit.yaml}
  volumes:
  - {name: ca, hostPath: {path: /etc/kubernetes, type: DirectoryOrCreate}}
  - {name: enc, hostPath: {path: ${hostPath}, type: ${type}}}
  - {name: audit, hostPath: {path: /etc/host-audit.yaml, type: File}}
`;

test("the encryption configuration is found where its mount comes from", () => {
  const elsewhere = serverFilesOf(
    manifest("/etc/kubernetes/enc/a.yaml", "/etc/kubernetes/enc", "/srv/enc/", "Directory"),
  );
  assert.equal(elsewhere.encryption, "/srv/enc/a.yaml");
  assert.deepEqual(elsewhere.all, ["/srv/enc/a.yaml", "/etc/host-audit.yaml"]);
  const file = serverFilesOf(manifest("/etc/enc.yaml", "/etc/enc.yaml", "/etc/enc.yaml", "File"));
  assert.deepEqual(file, { encryption: "/etc/enc.yaml", all: ["/etc/enc.yaml", "/etc/host-audit.yaml"] });
});

test("an API server that encrypts nothing and mounts no file needs none", () => {
  const plain = "spec: {containers: [{name: kube-apiserver, command: [kube-apiserver]}], volumes: []}";
  assert.deepEqual(serverFilesOf(plain), { encryption: undefined, all: [] });
  assert.deepEqual(serverFilesOf(""), { encryption: undefined, all: [] });
});
