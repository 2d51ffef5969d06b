import type { Input } from "@pulumi/pulumi";

/**
 * One SSH hop. The fields are those of `@pulumi/command`'s remote `ConnectionArgs`, under the same names.
 * Upstream: https://www.pulumi.com/registry/packages/command/api-docs/remote/command/#connection
 */
export interface HopArgs {
  /**
   * Address or name of the host, as the machine that runs Pulumi reaches it.
   * @example "10.0.0.11"
   */
  host?: Input<string>;
  /** Port of its sshd. Default: 22. */
  port?: Input<number>;
  /** User to log in as. Default: "root". Anybody else needs sudo, see {@link ConnectionArgs.sudo}. */
  user?: Input<string>;
  /**
   * Private key in PEM or OpenSSH format, the text itself, not a path. Always kept as a secret.
   * @example config.requireSecret("sshPrivateKey")
   */
  privateKey?: Input<string>;
  /** Passphrase of the private key. Always kept as a secret. */
  privateKeyPassword?: Input<string>;
  /** Password to log in with, where the host takes one. Always kept as a secret. */
  password?: Input<string>;
  /** Path of an SSH agent's socket. Default: none; `$SSH_AUTH_SOCK` is used when no key and no password is given. */
  agentSocketPath?: Input<string>;
  /**
   * The host's public key, which it has to prove; a line of known_hosts without the name ("ssh-ed25519 AAAA…") or a
   * fingerprint ("SHA256:…"). Default: the key of the first connection, recorded in the state. A key that changed is an error.
   */
  hostKey?: Input<string>;
  /** Seconds until one attempt to connect is given up. Default: 15. */
  perDialTimeout?: Input<number>;
  /** How many attempts may fail. Default: no limit but `timeouts.connect`, which always wins. */
  dialErrorLimit?: Input<number>;
  /**
   * What an unknown host key means: "record" trusts the first connection and writes the key into the state, "refuse" demands
   * `hostKey`. Default: "record". Nothing ever accepts any key silently.
   */
  unknownHostKey?: Input<"record" | "refuse">;
  /** The hop before this one: a jump host, which may have a `proxy` of its own. Every hop's key is checked. */
  proxy?: HopArgs;
}

/** How to become root. */
export interface SudoArgs {
  /** The user's password for sudo, where it asks for one; sent by standard input. Always kept as a secret. */
  password?: Input<string>;
}

/** How a host is reached. */
export interface ConnectionArgs extends HopArgs {
  /** How to become root. Default: root itself needs nothing, anybody else uses sudo without a password. */
  sudo?: SudoArgs;
}

/** Deadlines in seconds; every step has one, and what it started on the host is ended with it. */
export interface TimeoutsArgs {
  /** Until a connection stands, all attempts together. Default: 60. */
  connect?: Input<number>;
  /** A short command. Default: 60. */
  command?: Input<number>;
  /** Installing the operating system's packages. Default: 300. */
  packages?: Input<number>;
  /** Bringing one program or archive to the host. Default: 600. */
  transfer?: Input<number>;
  /** Bringing the images to the host. Default: 300. */
  images?: Input<number>;
  /** `kubeadm init`. Default: 300. */
  init?: Input<number>;
  /** `kubeadm join`. Default: 300. */
  join?: Input<number>;
  /** Until a node is Ready. Default: 300. */
  ready?: Input<number>;
  /** Draining a node. Default: 300. */
  drain?: Input<number>;
  /** `kubeadm reset` and undoing the preparation. Default: 120. */
  reset?: Input<number>;
  /** Applying manifests and waiting until they are ready. Default: 300. */
  apply?: Input<number>;
}
