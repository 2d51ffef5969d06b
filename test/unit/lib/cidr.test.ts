import assert from "node:assert/strict";
import { BlockList, isIPv6 } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Address,
  type Cidr,
  contains,
  formatAddress,
  formatCidr,
  isNetwork,
  nthAddress,
  overlap,
  parseAddress,
  parseCidr,
  size,
  subnets,
} from "../../../provider/lib/cidr";

const address = (text: string): Address => {
  const parsed = parseAddress(text);
  assert.ok(parsed, text);
  return parsed;
};
const cidr = (text: string): Cidr => {
  const parsed = parseCidr(text);
  assert.ok(parsed, text);
  return parsed;
};

const anyCidr = fc.oneof(
  fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })),
  fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })),
);

test("an address is what Node's own BlockList takes it for", () => {
  fc.assert(
    fc.property(anyCidr, fc.oneof(fc.ipV4(), fc.ipV6()), ([host, prefix], other) => {
      const list = new BlockList();
      list.addSubnet(host, prefix, isIPv6(host) ? "ipv6" : "ipv4");
      // Node also takes ::ffff:1.2.3.4 for 1.2.3.4; a network of one family holds no address of the other here.
      fc.pre(isIPv6(host) === isIPv6(other));
      const inside = contains(cidr(`${host}/${prefix}`), address(other));
      assert.equal(inside, list.check(other, isIPv6(other) ? "ipv6" : "ipv4"));
    }),
  );
});

test("a network holds its first and last address and not the ones beside it", () => {
  fc.assert(
    fc.property(anyCidr, ([host, prefix]) => {
      const net = cidr(`${host}/${prefix}`);
      const { family, first } = net;
      assert.ok(contains(net, { family, value: first }));
      assert.ok(contains(net, { family, value: first + size(net) - 1n }));
      assert.ok(!contains(net, { family, value: first + size(net) }) || prefix === 0);
      assert.ok(first === 0n || !contains(net, { family, value: first - 1n }));
    }),
  );
});

test("what is written is read as the same, and is the shortest form URLs know", () => {
  fc.assert(
    fc.property(fc.ipV6(), (text) => {
      const parsed = address(text);
      const written = formatAddress(parsed);
      assert.deepEqual(address(written), parsed);
      assert.equal(`[${written}]`, new URL(`http://[${text}]`).hostname);
    }),
  );
  fc.assert(fc.property(fc.ipV4(), (text) => assert.equal(formatAddress(address(text)), text)));
});

test("networks overlap exactly if one holds the other's first address, whichever is asked", () => {
  fc.assert(
    fc.property(anyCidr, anyCidr, ([hostA, a], [hostB, b]) => {
      const [one, two] = [cidr(`${hostA}/${a}`), cidr(`${hostB}/${b}`)];
      const holds = (x: Cidr, y: Cidr) => contains(x, { family: y.family, value: y.first });
      assert.equal(overlap(one, two), holds(one, two) || holds(two, one));
      assert.equal(overlap(one, two), overlap(two, one));
    }),
  );
});

test("a network overlaps every part of it", () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.integer({ min: 0, max: 32 }), (host, a, b) => {
      assert.ok(overlap(cidr(`${host}/${a}`), cidr(`${host}/${b}`)));
    }),
  );
});

test("the parts of a network fill it", () => {
  fc.assert(
    fc.property(anyCidr, fc.integer({ min: 0, max: 128 }), ([host, prefix], part) => {
      const net = cidr(`${host}/${prefix}`);
      fc.pre(part >= prefix && part <= (net.family === 4 ? 32 : 128));
      const one = size({ ...net, prefix: part });
      assert.equal(subnets(net, part) * one, size(net));
    }),
  );
});

test("bits behind the prefix are noticed and dropped", () => {
  assert.equal(isNetwork("10.244.0.0/16"), true);
  assert.equal(isNetwork("10.244.1.0/16"), false);
  assert.equal(formatCidr(cidr("10.244.1.0/16")), "10.244.0.0/16");
  assert.equal(formatCidr(cidr("FD00:0:0:1::5/48")), "fd00::/48");
});

test("the tenth address of a service network is CoreDNS'", () => {
  assert.equal(formatAddress(nthAddress(cidr("10.96.0.0/16"), 10)), "10.96.0.10");
  assert.equal(formatAddress(nthAddress(cidr("fd00:10:96::/112"), 10)), "fd00:10:96::a");
});

test("what is no address or network is not taken for one", () => {
  for (const text of ["", "10.0.0", "10.0.0.256", "010.0.0.1", "fe80::1%eth0", "::1::", "host"]) {
    assert.equal(parseAddress(text), undefined, text);
  }
  for (const text of ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/8/8", "::/129", "10.0.0.0/ 8", "x/8", "/8"]) {
    assert.equal(parseCidr(text), undefined, text);
  }
});
