// How a user proves who they are: what the connection gives, in a fixed order, and what to say when it is not enough.
import type { AnyAuthMethod, AuthHandlerMiddleware } from "ssh2";
import { AuthenticationError } from "../lib/errors";
import type { Endpoint } from "./hop";

/** Methods in the order they are tried, and what happened to them. */
export interface Credentials {
  readonly methods: readonly AnyAuthMethod[];
  readonly names: readonly string[];
  /** What the server said it would take. */
  accepted: readonly string[];
  agentProblem: string | undefined;
}

export function credentialsOf(endpoint: Endpoint): Credentials {
  const { hop, user: username } = endpoint;
  const methods: AnyAuthMethod[] = [];
  const names: string[] = [];
  const add = (name: string, method: AnyAuthMethod) => {
    names.push(name);
    methods.push(method);
  };
  if (hop.privateKey !== undefined) add("private key", { type: "publickey", username, key: parsedKey(endpoint) });
  // The environment's agent is a default, not an addition: a refused key has to show as a refused key.
  const fallback = hop.privateKey === undefined && hop.password === undefined ? process.env.SSH_AUTH_SOCK : undefined;
  const agent = hop.agentSocketPath ?? fallback;
  if (agent) add(`agent at ${agent}`, { type: "agent", username, agent });
  const password = hop.password;
  if (password !== undefined) {
    add("password", { type: "password", username, password });
    add("password (keyboard-interactive)", {
      type: "keyboard-interactive",
      username,
      prompt: (_name, _instructions, _lang, prompts, finish) => finish(prompts.map(() => password)),
    });
  }
  if (methods.length > 0) return { methods, names, accepted: [], agentProblem: undefined };
  throw new AuthenticationError(
    `${endpoint.label}: nothing to log in with as "${username}"`,
    "set connection.privateKey, connection.password or connection.agentSocketPath, or start an SSH agent (SSH_AUTH_SOCK)",
  );
}

function parsedKey(endpoint: Endpoint) {
  const { utils } = require("ssh2") as typeof import("ssh2");
  const { privateKey = "", privateKeyPassword } = endpoint.hop;
  const parsed = utils.parseKey(privateKey, privateKeyPassword);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (!(key instanceof Error) && key?.isPrivateKey()) return key;
  const reason = key instanceof Error ? key.message : "it is not a private key";
  const locked = /passphrase|encrypted|integrity|decrypt/i.test(reason);
  throw new AuthenticationError(
    `${endpoint.label}: the private key cannot be read: ${reason}`,
    locked
      ? "set connection.privateKeyPassword to the key's passphrase"
      : "set connection.privateKey to the key's text (OpenSSH or PEM format), not to its path or its public half",
  );
}

/** Offers the methods in order, leaving out what the server does not take. */
export function authHandler(credentials: Credentials): AuthHandlerMiddleware {
  const left = [...credentials.methods];
  return (authsLeft, _partialSuccess, next) => {
    // null before the first try, whatever the types say
    if (authsLeft) credentials.accepted = authsLeft;
    const takes = (method: AnyAuthMethod) =>
      !authsLeft || authsLeft.includes(method.type === "agent" ? "publickey" : method.type);
    let method = left.shift();
    while (method && !takes(method)) method = left.shift();
    next(method ?? (false as never));
  };
}

export function refused(endpoint: Endpoint, credentials: Credentials, cause: unknown): AuthenticationError {
  const accepted = credentials.accepted.length > 0 ? `; the server takes ${credentials.accepted.join(", ")}` : "";
  const agent = credentials.agentProblem ? `; the agent failed: ${credentials.agentProblem}` : "";
  return new AuthenticationError(
    `${endpoint.label}: the server refused user "${endpoint.user}" (tried ${credentials.names.join(", ")}${accepted}${agent})`,
    `check the user and its credentials with: ssh -p ${endpoint.port} ${endpoint.user}@${endpoint.host}`,
    { cause },
  );
}
