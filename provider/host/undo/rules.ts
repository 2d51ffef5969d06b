// Which rules are the cluster's, and how they are taken out one by one; nothing is ever flushed.
import { chainPattern, nftTables } from "./traces";

/** Input for `<program>-restore --noflush`, by program; and what nft and ipset are told. */
export interface RuleRemoval {
  restore: Map<string, string>;
  tables: { family: string; name: string }[];
  sets: string[];
}

interface Table {
  name: string;
  chains: string[];
  rules: string[];
}

/** Lines "<program> <line>" as the snapshot prints them. */
function linesOf(rules: string, program: string): string[] {
  const prefix = `${program} `;
  return rules.split("\n").flatMap((line) => (line.startsWith(prefix) ? [line.slice(prefix.length)] : []));
}

function tablesOf(lines: readonly string[]): Table[] {
  const tables: Table[] = [];
  for (const line of lines) {
    if (line.startsWith("*")) tables.push({ name: line.slice(1), chains: [], rules: [] });
    if (line.startsWith(":")) tables.at(-1)?.chains.push(line.slice(1).split(" ", 1)[0] ?? "");
    if (line.startsWith("-A ")) tables.at(-1)?.rules.push(line);
  }
  return tables;
}

function removalOf(table: Table, kept: ReadonlySet<string>): string[] {
  const ours = table.chains.filter((chain) => chainPattern.test(chain) && !kept.has(`${table.name} ${chain}`));
  if (ours.length === 0) return [];
  const gone = new Set(ours);
  // A jump from a chain that stays; the quoting is that of iptables-save, which its restore reads back.
  const jumps = table.rules.filter((rule) => {
    const target = / -[jg] (\S+)/.exec(rule)?.[1] ?? "";
    return gone.has(target) && !gone.has(rule.split(" ", 2)[1] ?? "");
  });
  const deletions = jumps.map((rule) => rule.replace(/^-A /, "-D "));
  return [
    `*${table.name}`,
    ...deletions,
    ...ours.map((chain) => `-F ${chain}`),
    ...ours.map((chain) => `-X ${chain}`),
    "COMMIT",
  ];
}

const programs = ["iptables-nft", "ip6tables-nft", "iptables-legacy", "ip6tables-legacy"] as const;

function tableNames(rules: string): { family: string; name: string }[] {
  return linesOf(rules, "nft").flatMap((line) => {
    const [word, family, name] = line.trim().split(/\s+/);
    return word === "table" && family && name ? [{ family, name }] : [];
  });
}

export function ruleRemoval(now: string, before: string): RuleRemoval {
  const restore = new Map<string, string>();
  for (const program of programs) {
    const old = tablesOf(linesOf(before, program));
    const kept = new Set(old.flatMap((table) => table.chains.map((chain) => `${table.name} ${chain}`)));
    const lines = tablesOf(linesOf(now, program)).flatMap((table) => removalOf(table, kept));
    if (lines.length > 0) restore.set(program, `${lines.join("\n")}\n`);
  }
  const keptTables = new Set(tableNames(before).map(({ family, name }) => `${family} ${name}`));
  const known: readonly string[] = nftTables;
  const tables = tableNames(now).filter((t) => known.includes(t.name) && !keptTables.has(`${t.family} ${t.name}`));
  const keptSets = new Set(linesOf(before, "ipset"));
  const sets = linesOf(now, "ipset").filter((name) => chainPattern.test(name) && !keptSets.has(name));
  return { restore, tables, sets };
}

/** Tables that iptables made for its first rule and that hold nothing any more; only the nft program can remove them. */
export function emptyTables(now: string, before: string): { family: string; name: string }[] {
  const families: Record<string, string> = { "iptables-nft": "ip", "ip6tables-nft": "ip6" };
  const kept = new Set(tableNames(before).map(({ family, name }) => `${family} ${name}`));
  const present = new Set(tableNames(now).map(({ family, name }) => `${family} ${name}`));
  return Object.entries(families).flatMap(([program, family]) =>
    tablesOf(linesOf(now, program))
      // The four chains of iptables itself are written in capitals with an ACCEPT policy; a chain of anybody's keeps the table.
      .filter((table) => table.rules.length === 0 && table.chains.every((chain) => /^[A-Z]+$/.test(chain)))
      .map(({ name }) => ({ family, name }))
      .filter((table) => present.has(`${table.family} ${table.name}`) && !kept.has(`${table.family} ${table.name}`)),
  );
}
