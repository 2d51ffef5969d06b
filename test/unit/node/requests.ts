// Certificate requests made by openssl, as a kubelet or somebody who pretends to be one would send them.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Request {
  name: string;
  username: string;
  groups: string[];
  usages: string[];
  /** Base64 of PEM. */
  request: string;
}

export interface Wish {
  commonName?: string;
  organization?: string;
  /** Lines of an openssl [names] section, e.g. "DNS.1 = w1". */
  names?: string[];
  /** The extension's bytes instead of `names`, in hex. */
  der?: string;
  challenge?: string;
  critical?: boolean;
}

export function certificateRequest(wish: Wish = {}): string {
  const directory = mkdtempSync(join(tmpdir(), "csr-"));
  try {
    const names = wish.names ?? ["DNS.1 = w1", "IP.1 = 10.0.0.21"];
    const config = [
      "[req]\ndistinguished_name = dn\nprompt = no\nstring_mask = utf8only",
      names.length > 0 ? "req_extensions = ext" : "",
      wish.challenge ? "attributes = attributes" : "",
      `[dn]\nO = ${wish.organization ?? "system:nodes"}\nCN = ${wish.commonName ?? "system:node:w1"}`,
      `[ext]\nsubjectAltName = ${wish.critical ? "critical," : ""}${wish.der ? `DER:${wish.der}` : "@names"}`,
      `[names]\n${names.join("\n")}`,
      wish.challenge ? `[attributes]\nchallengePassword = ${wish.challenge}` : "",
    ];
    const file = join(directory, "config");
    writeFileSync(file, `${config.join("\n")}\n`);
    const out = join(directory, "csr");
    const key = [
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-keyout",
      join(directory, "key"),
    ];
    execFileSync("openssl", ["req", "-new", ...key, "-config", file, "-out", out], { stdio: "pipe" });
    return readFileSync(out).toString("base64");
  } finally {
    rmSync(directory, { recursive: true });
  }
}

export function kubeletRequest(changed: Partial<Request> = {}): Request {
  return {
    name: "csr-1",
    username: "system:node:w1",
    groups: ["system:nodes", "system:authenticated"],
    usages: ["digital signature", "server auth"],
    request: "",
    ...changed,
  };
}
