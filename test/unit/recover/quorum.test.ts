import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mayBeQuorum } from "../../../provider/kubeadm/livingQuorum";

const known = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `c${index + 2}`, addresses: [`10.0.0.${index + 2}`] }));
const answering = (...hosts: number[]) => new Set(hosts.map((host) => `10.0.0.${host}`));

describe("whether those that answer may be a quorum", () => {
  const cases: [title: string, others: number, answers: number[], survivor: boolean, quorum: string[] | undefined][] = [
    ["two of three are gone", 2, [], true, undefined],
    ["one of three is gone: it and we are two", 2, [3], true, ["c3"]],
    ["three of five are gone", 4, [2], true, undefined],
    ["two of five are gone", 4, [2, 3], true, ["c2", "c3"]],
    ["all three are gone", 3, [], false, undefined],
    ["a backup, and one of three still answers", 3, [2], false, undefined],
    ["a backup, and two of three answer", 3, [2, 3], false, ["c2", "c3"]],
    ["the only control plane", 0, [], true, undefined],
    ["one of two is gone", 1, [], true, undefined],
  ];
  for (const [title, others, answers, survivor, quorum] of cases)
    it(title, () => {
      assert.deepEqual(mayBeQuorum({ known: known(others), answering: answering(...answers), survivor }), quorum);
    });

  it("knows a node by any of its addresses", () => {
    const both = [{ name: "c2", addresses: ["10.0.0.2", "fd00::2"] }];
    assert.deepEqual(mayBeQuorum({ known: both, answering: new Set(["fd00::2"]), survivor: true }), ["c2"]);
  });
});
