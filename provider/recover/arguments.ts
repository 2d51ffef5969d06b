// The words after `pulumi-kubeadm recover`, checked.
import { parseArgs } from "node:util";
import { UserError } from "../lib/errors";

export const usage = `Usage: pulumi-kubeadm recover --host [USER@]HOST[:PORT] [options]

Brings a cluster that lost its quorum for good back on one control plane. For when most control planes are gone and
will not come back; while a quorum lives, \`pulumi up\` does all that is needed, and this refuses.

  Without --backup it takes what the surviving control plane HOST itself holds.
  With --backup HOST may also be a machine that was installed anew and prepared by \`pulumi up\` (which then stops).

It shows what it found and asks before it changes anything. etcd's former data is moved aside, never deleted. The
lost control planes' Nodes are deleted; the program's next \`pulumi up\` joins new ones. Killed at any moment, run it
again: it goes on. Never switch a lost control plane on again with its old disk.

The host:
  --host [USER@]HOST[:PORT]     the control plane; user root and port 22 where not said
  --key FILE                    private key; without it the agent of SSH_AUTH_SOCK is asked
  --key-passphrase-file FILE    of that key; asked for when it needs one
  --jump [USER@]HOST[:PORT]     a jump host in between; may be given often, the first hop first
  --host-key KEY                the host's key, as "<type> <base64>" or "SHA256:..."
  --known-hosts FILE            where keys are known from; default ~/.ssh/known_hosts
  --sudo-password-file FILE     for a user who is not root and whose sudo asks

What to recover from:
  --backup latest|NAME|FILE     the newest backup on the host, another one there, or a copy (*.tar.age) on this machine
  --passphrase-file FILE        of the copy; "-" reads standard input; asked for where it is not given
  --address ADDRESS             of the node, where the machine has several

  --yes                         for scripts: do not ask
`;

const text = { type: "string" } as const;
const options = {
  host: text,
  key: text,
  "key-passphrase-file": text,
  jump: { type: "string", multiple: true },
  "host-key": text,
  "known-hosts": text,
  "sudo-password-file": text,
  backup: text,
  "passphrase-file": text,
  address: text,
  yes: { type: "boolean" },
} as const;

export interface Login {
  user: string;
  host: string;
  port: number;
}

export interface RecoverArguments {
  login: Login;
  jumps: Login[];
  key: string | undefined;
  keyPassphraseFile: string | undefined;
  hostKey: string | undefined;
  knownHosts: string | undefined;
  sudoPasswordFile: string | undefined;
  backup: string | undefined;
  passphraseFile: string | undefined;
  address: string | undefined;
  yes: boolean;
}

/** undefined: help was asked for. */
export function recoverArguments(words: readonly string[]): RecoverArguments | undefined {
  if (words.includes("--help") || words.includes("-h")) return undefined;
  const { values } = parseArgs({ args: [...words], options, allowPositionals: false });
  if (values.host === undefined)
    throw new UserError("--host is missing", "name the control plane that the cluster is recovered onto");
  if (values["passphrase-file"] !== undefined && values.backup === undefined)
    throw new UserError("--passphrase-file goes with --backup FILE");
  return {
    login: login(values.host, "--host"),
    jumps: (values.jump ?? []).map((word) => login(word, "--jump")),
    key: values.key,
    keyPassphraseFile: values["key-passphrase-file"],
    hostKey: values["host-key"],
    knownHosts: values["known-hosts"],
    sudoPasswordFile: values["sudo-password-file"],
    backup: values.backup,
    passphraseFile: values["passphrase-file"],
    address: values.address,
    yes: values.yes ?? false,
  };
}

const shape =
  /^(?:([^@\s]+)@)?(?:\[([0-9a-fA-F:.]+)\]|([^@:\s[\]]+)|([0-9a-fA-F:]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*))(?::(\d{1,5}))?$/;

/** An IPv6 address may stand bare, or in brackets with a port. */
export function login(word: string, flag: string): Login {
  const [, user = "root", bracketed, plain, bare, port = "22"] = shape.exec(word) ?? [];
  const host = bracketed ?? plain ?? bare;
  if (host === undefined || Number(port) < 1 || Number(port) > 65535)
    throw new UserError(`${flag} ${word} is not [USER@]HOST[:PORT]`, "write it as --host root@10.0.0.11");
  return { user, host, port: Number(port) };
}
