// Which inputs are secret is known by their names; their values are cut out of every text that is shown.
import { rememberSecret } from "../lib/redact";

const secretNames = new Set(["privateKey", "privateKeyPassword", "password", "clientKey", "token", "kubeconfig"]);
/** Contents of files and manifests may be secret and may be long: line by line would blank out harmless words. */
const shortest = 4;

export function rememberSecrets(value: unknown, name = ""): void {
  if (typeof value === "string") {
    if (secretNames.has(name) && value.length >= shortest) rememberSecret(value);
  } else if (Array.isArray(value)) {
    for (const item of value) rememberSecrets(item, name);
  } else if (value !== null && typeof value === "object") {
    for (const [key, item] of Object.entries(value)) rememberSecrets(item, key);
  }
}
