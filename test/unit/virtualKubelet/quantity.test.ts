import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf, isQuantity } from "../../../provider/kubeadm/virtualKubelet/quantity";

test("quantities are read as Kubernetes reads them", () => {
  const sizes: [string, number][] = [
    ["4096", 4096],
    ["4Ki", 4096],
    ["10Mi", 10 * 1024 ** 2],
    ["1.5Gi", 1.5 * 1024 ** 3],
    [".5k", 500],
    ["2M", 2e6],
    ["1E", 1e18],
    ["1E3", 1000],
    ["4e3", 4000],
    ["4096000m", 4096],
    ["1n", 1],
    ["-1", -1],
  ];
  for (const [text, bytes] of sizes) assert.equal(bytesOf(text), bytes, text);
});

test("what is no quantity is none", () => {
  for (const text of ["", "10 Mi", "10MB", "Ki", "1ki", "0x10", "1e"]) {
    assert.equal(isQuantity(text), false, text);
    assert.equal(bytesOf(text), undefined, text);
  }
});
