// What a recovery found, in the words that somebody has to agree to. Pure.
import type { Recoverable } from "../recipes/recoverable";
import type { RecoverPlan } from "../steps/recover/context";

export function describeFound({ plan, content, backup, others, alive }: Recoverable, now: Date): string {
  const lost = others.map(({ name, addresses }) => (name ? `${name} (${addresses.join(", ")})` : addresses.join(", ")));
  const rows: [string, string][] = [
    ["cluster", plan.clusterId],
    ["onto", `${plan.node} (${plan.address})${plan.rebuild !== undefined ? ", made anew from the backup" : ""}`],
    ["from", `${plan.source}, revision ${plan.revision}`],
    ...(backup ? ([["age", age(backup.info.name, now)]] as [string, string][]) : []),
    ["nodes", content.nodes.join(", ")],
    ["given up", lost.length === 0 ? "no other control plane" : lost.join(", ")],
    ...(plan.rebuild === undefined
      ? ([["old data", `moved to ${plan.aside}, not deleted`]] as [string, string][])
      : []),
  ];
  const width = Math.max(...rows.map(([word]) => word.length));
  const table = rows.map(([word, value]) => `  ${word.padEnd(width)}  ${value}`).join("\n");
  return `${table}\n\n${warnings({ backup, alive })}\n`;
}

function warnings({ backup, alive }: Pick<Recoverable, "backup" | "alive">): string {
  const lines = [
    backup
      ? "All that was written to the API after this backup is lost."
      : "What this control plane had not heard of before the others went is lost.",
    "The control planes given up must never run again with their old disks: switched on together they would be a second cluster.",
    ...(alive.length === 0
      ? []
      : [
          `etcd still answers on ${alive.join(", ")}, without a quorum: switch it off, and reset that host before it joins again.`,
        ]),
  ];
  return lines.join("\n");
}

/** A backup's name begins with its time, "20261121T104218Z". */
export function age(name: string, now: Date): string {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(name) ?? [];
  const taken = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const minutes = Math.round((now.getTime() - taken) / 60_000);
  if (!Number.isFinite(minutes)) return "unknown";
  if (minutes < 120) return `${minutes} minutes`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} hours` : `${Math.round(minutes / 1440)} days`;
}

export function describeDone({ node, address, aside, rebuild }: RecoverPlan): string {
  const former = rebuild === undefined ? ` The former data of etcd is in ${aside} on it.` : "";
  return (
    `${node} is the cluster's only control plane now, at ${address}.${former}\n` +
    "Next: `pulumi up`, which joins the other control planes again.\n"
  );
}

export function describeBegun({ node, address, source }: RecoverPlan): string {
  return `A recovery onto ${node} (${address}) from ${source} was begun here and did not end: it goes on.\n`;
}
