// The certificate that a server presents right now, which a file on its host does not tell.
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../../host/host";
import { UserError } from "../../lib/errors";

// etcd asks for a client's certificate and ends the connection; by then it has shown its own.
const script = `timeout 10 openssl s_client -connect "$1" </dev/null 2>/dev/null | openssl x509 2>/dev/null || true`;

/** `server`: "host:port", asked from `host`. undefined: nobody answers there. */
export async function servedCertificate(host: Host, server: string): Promise<X509Certificate | undefined> {
  const { stdout } = await host.sh(script, [server], { timeoutMs: 20_000 });
  return stdout.includes("BEGIN CERTIFICATE") ? new X509Certificate(stdout) : undefined;
}

/** Whether clients find the server's name or address in it. */
export function covers(certificate: X509Certificate, name: string): boolean {
  if (certificate.subjectAltName?.split(", ").includes(`DNS:${name}`)) return true;
  const found = isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name, { subject: "never" });
  return found !== undefined;
}

export interface Expected {
  server: string;
  /** What it is, for messages: "the API server". */
  what: string;
  serial: string;
}

/** A server reads a new file by itself, or has just been started with it. */
export async function awaitServed(host: Host, { server, what, serial }: Expected, timeoutMs: number): Promise<void> {
  const over = Date.now() + timeoutMs;
  for (;;) {
    const served = await servedCertificate(host, server);
    if (served?.serialNumber === serial) return;
    if (Date.now() > over) {
      const shown = served ? `the certificate ${served.serialNumber}` : "no certificate";
      throw new UserError(
        `${host.label}: ${what} at ${server} presents ${shown} instead of the new ${serial}`,
        "look at its log below /var/log/pods on the host, then run again",
      );
    }
    await sleep(500);
  }
}
