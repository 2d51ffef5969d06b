import assert from "node:assert/strict";
import { test } from "node:test";
import { apiError, detailOf, fieldConflicts, reasonOf, withoutSecrets } from "../../../provider/host/kubeErrors";

const oneConflict = `error: Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps/v1: .spec.replicas
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
`;
const twoConflicts = `error: Apply failed with 3 conflicts: conflicts with "helm" using v1:
- .data.a
- .data.b
conflict with "argocd": .data.c
Please review the fields above--they currently have other managers.
`;

const reasons: [string, string][] = [
  ['Error from server (NotFound): nodes "w1" not found', "NotFound"],
  [
    'Error from server (Conflict): Operation cannot be fulfilled on nodes "w1": the object has been modified',
    "Conflict",
  ],
  [
    "Error from server (TooManyRequests): Cannot evict pod as it would violate the pod's disruption budget.",
    "TooManyRequests",
  ],
  ["Error from server (Forbidden): secrets is forbidden", "Forbidden"],
  [
    'Error from server (Forbidden): nodes "c1" is forbidden: User "kubernetes-admin" cannot get resource "nodes"',
    "Unavailable",
  ],
  ["Error from server (ServiceUnavailable): the server is currently unable to handle the request", "Unavailable"],
  ["Error from server: etcdserver: leader changed", "Unavailable"],
  ["Error from server: etcdserver: request timed out", "Unavailable"],
  ["The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or port?", "Unavailable"],
  ["Unable to connect to the server: net/http: TLS handshake timeout", "Unavailable"],
  ["Unable to connect to the server: EOF", "Unavailable"],
  ["Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout", "Unavailable"],
  ["Unable to connect to the server: tls: failed to verify certificate: x509: certificate has expired", "Failed"],
  ["Unable to connect to the server: dial tcp: lookup nowhere: no such host", "Failed"],
  ["error: You must be logged in to the server (Unauthorized)", "Failed"],
  [
    'error: resource mapping not found for name: "a" namespace: "" from "STDIN": no matches for kind "Foo" in version "x/v1"',
    "NoMatch",
  ],
  [`error: the server doesn't have a resource type "foo"`, "NoMatch"],
  [oneConflict, "ApplyConflict"],
  [twoConflicts, "ApplyConflict"],
];
for (const [text, reason] of reasons) {
  test(`"${text.slice(0, 70)}" is ${reason}`, () => assert.equal(reasonOf(text), reason));
}

test("a conflict names the managers and their fields", () => {
  assert.deepEqual(fieldConflicts(oneConflict), [{ manager: "kubectl-client-side-apply", fields: [".spec.replicas"] }]);
  assert.deepEqual(fieldConflicts(twoConflicts), [
    { manager: "helm", fields: [".data.a", ".data.b"] },
    { manager: "argocd", fields: [".data.c"] },
  ]);
  const { message } = apiError("cp1 (10.0.0.1)", "apply Deployment web/hello", oneConflict);
  assert.match(
    message,
    /cp1 \(10\.0\.0\.1\): apply Deployment web\/hello: \.spec\.replicas is managed by "kubectl-client-side-apply"/,
  );
  assert.match(message, /force: true/);
});

test("advice, klog lines and warnings are no detail", () => {
  const noise = 'E1121 07:59:44.213 2724 memcache.go:265] "Unhandled Error"\nWarning: old API\n';
  assert.equal(detailOf(`${noise}${oneConflict}`), oneConflict.split("\n")[0]);
  assert.equal(detailOf(""), "failed without a word");
});

test("a secret that the API quotes is cut out, the longest first", () => {
  assert.equal(
    withoutSecrets('Invalid value: "hunter2hunter"', ["hunter2", "hunter2hunter"]),
    'Invalid value: "[secret]"',
  );
  const error = apiError("cp1", "apply", 'Error from server (BadRequest): illegal "c2VjcmV0LXZhbHVl"', [
    "c2VjcmV0LXZhbHVl",
  ]);
  assert.doesNotMatch(`${error.message}${error.detail}`, /c2VjcmV0/);
});

test("short strings are not cut out of words", () =>
  assert.equal(withoutSecrets("a bad idea", ["a", "ad"]), "a bad idea"));
