import { record } from "../../host/journal";
import { journalLibrary } from "../../host/journalScript";
import type { Step } from "../step";
import type { PrepareContext } from "./context";

/** The kernel's name, the file that boot reads, and a line by which the name resolves on the host itself. */
const script = `${journalLibrary}
keep /etc/hostname
if command -v hostnamectl >/dev/null && timeout 10 hostnamectl set-hostname "$1"; then :; else
  printf '%s\\n' "$1" >/etc/hostname
  hostname "$1"
fi
[ "$(uname -n)" = "$1" ]
if ! timeout 10 getent hosts "$1" >/dev/null; then
  keep /etc/hosts
  persist
  printf '127.0.1.1 %s\\n' "$1" >>/etc/hosts
fi`;

export const setHostname: Step<PrepareContext> = {
  title: "set hostname",
  when: ({ inputs, facts, survey }) =>
    inputs.hostname !== undefined && (facts.hostname !== inputs.hostname || survey.staticHostname !== inputs.hostname),
  async run({ host, inputs, facts }) {
    await record(host, [{ kind: "hostname", value: facts.hostname }]);
    await host.sh(script, [inputs.hostname ?? ""]);
  },
};
