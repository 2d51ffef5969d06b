// A real sshd of our own: its own keys, port and configuration under a temporary directory, on loopback.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect as tcp } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "../../../provider/kubeadm/spec";

const program = "/usr/sbin/sshd";

export interface Sshd {
  readonly directory: string;
  readonly port: number;
  /** Of an ssh-ed25519 and an ecdsa key, "<type> <base64>". */
  readonly hostKeys: { ed25519: string; ecdsa: string };
  readonly privateKey: string;
  /** With passphrase "open sesame". */
  readonly lockedKey: string;
  connection(more?: Partial<Connection>): Connection;
  stop(): Promise<void>;
}

/** `lines` are added to its configuration. */
export async function startSshd(lines: (directory: string) => readonly string[] = () => []): Promise<Sshd> {
  if (!existsSync(program)) throw new Error(`${program} is missing: install Debian's openssh-server`);
  const directory = mkdtempSync(join(tmpdir(), "kubeadm-sshd-"));
  const hostKeys = {
    ed25519: makeKey(directory, "host_ed25519", "ed25519"),
    ecdsa: makeKey(directory, "host_ecdsa", "ecdsa"),
  };
  const keys = [makeKey(directory, "user", "ed25519"), makeKey(directory, "locked", "ed25519", "open sesame")];
  writeFileSync(join(directory, "authorized_keys"), `${keys.join("\n")}\n`, { mode: 0o600 });
  const port = await freePort();
  writeFileSync(join(directory, "sshd_config"), configuration(directory, port, lines(directory)));
  mkdirSync("/run/sshd", { recursive: true });
  const child = spawn(program, ["-D", "-e", "-f", join(directory, "sshd_config")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said: string[] = [];
  child.stderr?.on("data", (chunk: Buffer) => said.push(chunk.toString()));
  await answering(port, child, said);
  const privateKey = readFileSync(join(directory, "user"), "utf8");
  return {
    directory,
    port,
    hostKeys,
    privateKey,
    lockedKey: readFileSync(join(directory, "locked"), "utf8"),
    connection: (more = {}) => ({
      host: "127.0.0.1",
      port,
      user: userInfo().username,
      privateKey,
      hostKey: hostKeys.ed25519,
      ...more,
    }),
    stop: () => stop(child, directory),
  };
}

function makeKey(directory: string, name: string, type: string, passphrase = ""): string {
  const path = join(directory, name);
  execFileSync("ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-C", "", "-f", path]);
  return readFileSync(`${path}.pub`, "utf8").trim();
}

function configuration(directory: string, port: number, lines: readonly string[]): string {
  chmodSync(directory, 0o755);
  return [
    // First, because sshd keeps the first value it reads.
    ...lines,
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${directory}/host_ed25519`,
    `HostKey ${directory}/host_ecdsa`,
    `AuthorizedKeysFile ${directory}/authorized_keys`,
    `PidFile ${directory}/pid`,
    "PermitRootLogin yes",
    "PasswordAuthentication no",
    "UsePAM no",
    "StrictModes no",
    "MaxStartups 100",
    "",
  ].join("\n");
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}

async function answering(port: number, child: ChildProcess, said: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (child.exitCode !== null) throw new Error(`sshd ended at once: ${said.join("")}`);
    const banner = await new Promise<string>((resolve) => {
      const socket = tcp(port, "127.0.0.1");
      socket.once("data", (data) => resolve(data.toString()));
      socket.once("error", () => resolve(""));
      socket.once("close", () => resolve(""));
      socket.setTimeout(2000, () => socket.destroy());
    });
    if (banner.startsWith("SSH-2.0")) return;
    await sleep(50);
  }
  throw new Error(`sshd does not answer on port ${port}: ${said.join("")}`);
}

async function stop(child: ChildProcess, directory: string): Promise<void> {
  if (child.exitCode === null) {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }
  rmSync(directory, { recursive: true, force: true });
}
