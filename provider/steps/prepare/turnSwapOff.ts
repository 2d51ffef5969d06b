import { record } from "../../host/journal";
import { journalLibrary } from "../../host/journalScript";
import type { Step } from "../step";
import type { PrepareContext } from "./context";

/** Off now, and masked in fstab so that it stays off; the lines come back with the journal's copy of the file. */
const script = `
for device in "$@"; do swapoff "$device"; done
if grep -Eq '^[^#]+[[:space:]]swap[[:space:]]' /etc/fstab 2>/dev/null; then
  sed -E 's/^([^#]+[[:space:]]swap[[:space:]])/# pulumi-kubeadm: \\1/' /etc/fstab >/etc/fstab.pulumi-kubeadm
  chmod --reference=/etc/fstab /etc/fstab.pulumi-kubeadm
  mv /etc/fstab.pulumi-kubeadm /etc/fstab
fi`;

export const turnSwapOff: Step<PrepareContext> = {
  title: "turn swap off",
  when: ({ inputs, facts }) => inputs.swap === "off" && facts.swap.length > 0,
  async run({ host, facts, inputs }) {
    const devices = facts.swap.map(({ device }) => device);
    await record(host, [{ kind: "swap", devices }]);
    await host.sh(`${journalLibrary}\nif [ -e /etc/fstab ]; then keep /etc/fstab; persist; fi\n${script}`, devices, {
      // Pages that are swapped out come back into memory first.
      timeoutMs: Math.max(120_000, (inputs.timeouts?.command ?? 0) * 1000),
    });
  },
};
