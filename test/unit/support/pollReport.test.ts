import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeReport, type Polled, parsePolled, reportOf } from "../../support/pollReport";

const at = (startMs: number, outcome = "ok", tookMs = 5): Polled => ({ startMs, tookMs, outcome });

describe("a report of polled requests", () => {
  it("knows no gap where nothing failed", () => {
    assert.deepEqual(reportOf([at(0), at(100), at(900)]), { requests: 3, failures: 0, longestGapMs: 0, reasons: {} });
  });

  it("measures a gap from the first failure to the next answer", () => {
    const polled = [
      at(0),
      at(100, "timeout", 1000),
      at(200, "timeout", 1000),
      at(300),
      at(400, "ECONNREFUSED"),
      at(500),
    ];
    assert.deepEqual(reportOf(polled), {
      requests: 6,
      failures: 3,
      // Both were given up later than 300, but one that was asked then had its answer.
      longestGapMs: 200,
      reasons: { timeout: 2, ECONNREFUSED: 1 },
    });
  });

  it("counts a gap that has not ended, and takes answers in the order of their requests", () => {
    const { longestGapMs } = reportOf([
      at(300, "timeout", 1000),
      at(0),
      at(100, "timeout", 1000),
      at(200, "timeout", 1000),
    ]);
    assert.equal(longestGapMs, 1200);
  });

  it("reads only whole lines", () => {
    assert.deepEqual(parsePolled("1700 12 ok"), { startMs: 1700, tookMs: 12, outcome: "ok" });
    assert.equal(parsePolled("1700 12"), undefined);
  });

  it("is told in one line", () => {
    assert.equal(
      describeReport({ requests: 9, failures: 1, longestGapMs: 340, reasons: { timeout: 1 } }),
      "9 requests, 1 failed (timeout 1), longest gap 0.3 s",
    );
  });
});
