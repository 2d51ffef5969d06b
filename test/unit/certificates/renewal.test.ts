import assert from "node:assert/strict";
import { test } from "node:test";
import { controlPlane } from "../../../provider/handlers/controlPlane";
import { goDuration, renewalDue, renewalProblem } from "../../../provider/kubeadm/certificates";

const day = 24 * 60 * 60;
const now = Date.parse("2026-06-01T00:00:00Z");
const endsIn = (seconds: number, validity = 365 * day) => ({
  ends: new Date(now + seconds * 1000).toISOString(),
  validity,
});

test("a year's certificate is renewed in its last 30 days", () => {
  assert.equal(renewalDue(endsIn(31 * day), undefined, now), false);
  assert.equal(renewalDue(endsIn(29 * day), undefined, now), true);
});

test("a short one is renewed in its last third", () => {
  assert.equal(renewalDue(endsIn(9 * day, 24 * day), undefined, now), false);
  assert.equal(renewalDue(endsIn(7 * day, 24 * day), undefined, now), true);
});

test("the program's days win, but never make a new certificate due at once", () => {
  assert.equal(renewalDue(endsIn(80 * day), 90, now), true);
  assert.equal(renewalDue(endsIn(60 * day, 80 * day), 90, now), false);
  assert.equal(renewalDue(endsIn(20 * day, 80 * day), 90, now), true);
});

test("one that has ended is due", () => {
  assert.equal(renewalDue(endsIn(-1), 1, now), true);
});

test("days that are not below the validity are refused", () => {
  const users = (certificateValidityPeriod: string) => ({ clusterConfiguration: { certificateValidityPeriod } });
  assert.match(renewalProblem(365, undefined) ?? "", /365 days are not below .* 365 days/);
  assert.match(renewalProblem(1, users("24h0m0s")) ?? "", /validity of 24h0m0s/);
  assert.equal(renewalProblem(1, users("25h")), undefined);
  assert.equal(renewalProblem(undefined, users("10m")), undefined);
});

test("durations are read as Go writes them", () => {
  assert.equal(goDuration("8760h0m0s"), 365 * day * 1000);
  assert.equal(goDuration("1h30m"), 5_400_000);
  assert.equal(goDuration("1.5m"), 90_000);
  for (const wrong of ["", "12", "1d", "h"]) assert.equal(goDuration(wrong), undefined);
});

test("the state and the clock make an update; a state of before has none", () => {
  const known = (outputs: object) => ({ id: "x", inputs: {} as never, outputs, converged: true });
  assert.match(controlPlane.due?.(known({ certificate: endsIn(day) }), {}, now) ?? "", /ends at 2026-06-02/);
  assert.equal(controlPlane.due?.(known({ certificate: endsIn(100 * day) }), {}, now), undefined);
  assert.ok(controlPlane.due?.(known({ certificate: endsIn(100 * day) }), { certificates: { renewBefore: 120 } }, now));
  assert.equal(controlPlane.due?.(known({}), {}, now), undefined);
});
