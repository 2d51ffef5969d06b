import assert from "node:assert/strict";
import { test } from "node:test";
import { apiName, isDropped, parseDeprecatedApis } from "../../../provider/kubeadm/deprecations";

const line = (labels: string, value = "1"): string => `apiserver_requested_deprecated_apis{${labels}} ${value}`;
const validating =
  'group="admissionregistration.k8s.io",removed_release="1.34",resource="validatingadmissionpolicies",subresource="",version="v1beta1"';
const metrics = [
  "# HELP apiserver_requested_deprecated_apis [STABLE] Gauge of deprecated APIs that have been requested",
  "# TYPE apiserver_requested_deprecated_apis gauge",
  line('group="",removed_release="",resource="componentstatuses",subresource="",version="v1"'),
  line(validating),
  line('group="apps",removed_release="1.40",resource="things",subresource="scale",version="v1beta2"'),
  'apiserver_requested_deprecated_apis_more{group="x"} 1',
].join("\n");

test("the metric tells group, version, resource and the release that drops it", () => {
  assert.deepEqual(parseDeprecatedApis(metrics).map(apiName), [
    "v1 componentstatuses",
    "admissionregistration.k8s.io/v1beta1 validatingadmissionpolicies",
    "apps/v1beta2 things/scale",
  ]);
});

test("what nobody asked for, or is no such line, is left out", () => {
  assert.deepEqual(parseDeprecatedApis(line(validating, "0")), []);
  assert.deepEqual(parseDeprecatedApis(""), []);
  assert.deepEqual(parseDeprecatedApis("apiserver_request_total 7"), []);
});

test("an API is dropped from its release on, and one without a release never is", () => {
  const dropped = (version: string) =>
    parseDeprecatedApis(metrics)
      .filter((api) => isDropped(api, version))
      .map(({ resource }) => resource);
  assert.deepEqual(dropped("1.33.13"), []);
  assert.deepEqual(dropped("1.34.0"), ["validatingadmissionpolicies"]);
  assert.deepEqual(dropped("1.36.3"), ["validatingadmissionpolicies"]);
  assert.deepEqual(dropped("1.40.0"), ["validatingadmissionpolicies", "things/scale"]);
});
