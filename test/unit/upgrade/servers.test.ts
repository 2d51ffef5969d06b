import assert from "node:assert/strict";
import { test } from "node:test";
import { parseServers } from "../../../provider/steps/upgradeChecks/servers";

// What the script printed for a real API server 1.33.13, and for an address at which nobody is.
const printed = `server 10.0.0.101:6443
version v1.33.13
apiserver_requested_deprecated_apis{group="",removed_release="",resource="componentstatuses",subresource="",version="v1"} 1
apiserver_requested_deprecated_apis{group="",removed_release="",resource="endpoints",subresource="",version="v1"} 1
apiserver_requested_deprecated_apis{group="admissionregistration.k8s.io",removed_release="1.34",resource="validatingadmissionpolicies",subresource="",version="v1beta1"} 1
server [fd00::2]:6443
failed The connection to the server [fd00::2]:6443 was refused - did you specify the right host or port?
`;

test("each API server is told by its node: version, deprecated APIs, or why it does not answer", () => {
  const names = new Map([
    ["10.0.0.101:6443", "c1"],
    ["[fd00::2]:6443", "c2"],
  ]);
  const [c1, c2, ...more] = parseServers(printed, names);
  assert.deepEqual(more, []);
  assert.equal(c1?.name, "c1");
  assert.equal(c1?.version, "v1.33.13");
  assert.equal(c1?.failure, undefined);
  assert.deepEqual(
    c1?.deprecated.map(({ resource, removedRelease }) => [resource, removedRelease]),
    [
      ["componentstatuses", ""],
      ["endpoints", ""],
      ["validatingadmissionpolicies", "1.34"],
    ],
  );
  assert.equal(c2?.name, "c2");
  assert.equal(c2?.version, undefined);
  assert.match(c2?.failure ?? "", /was refused/);
});

test("a server that is not ready says which of its checks fail, and the rest is read all the same", () => {
  const said = String.raw`Error from server (InternalError): an error on the server ("[+]ping ok\n[-]etcd-readiness failed: reason withheld\n[+]log ok\n[-]informer-sync failed: reason withheld\nreadyz check failed") has prevented the request from succeeding`;
  const metric =
    'apiserver_requested_deprecated_apis{group="g",removed_release="1.34",resource="r",subresource="",version="v1"} 1';
  const [c1] = parseServers(`server a:1\nversion v1.34.4\nfailed ${said}\n${metric}\n`, new Map([["a:1", "c1"]]));
  assert.equal(c1?.version, "v1.34.4");
  assert.equal(c1?.failure, "/readyz: etcd-readiness, informer-sync failed");
  assert.equal(c1?.deprecated.length, 1);
});
