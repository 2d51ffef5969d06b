// A server that misbehaves on purpose: an SSH server in this process that does with each command what the test says.
import { generateKeyPairSync } from "node:crypto";
import type { AddressInfo } from "node:net";
import { type Connection as Client, type ClientInfo, Server, type ServerChannel } from "ssh2";
import type { Connection } from "../../../provider/kubeadm/spec";

export interface Misbehaviour {
  /** Absent: everyone may log in. */
  authenticate?: (attempt: number) => boolean;
  /** Gets the channel of each command. */
  command?: (channel: ServerChannel, client: Client, line: string) => void;
  /** False: refuses to open a session. */
  session?: (open: number) => boolean;
  connected?: (client: Client, info: ClientInfo, dial: number) => void;
}

export interface HostileServer {
  readonly port: number;
  /** Lines that were asked for. */
  readonly commands: string[];
  readonly dials: () => number;
  connection(more?: Partial<Connection>): Connection;
  stop(): Promise<void>;
}

export async function startHostile(behaviour: Misbehaviour): Promise<HostileServer> {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const commands: string[] = [];
  const clients = new Set<Client>();
  let dials = 0;
  const server = new Server({ hostKeys: [privateKey.export({ type: "pkcs1", format: "pem" })] }, (client, info) => {
    dials += 1;
    clients.add(client);
    client.on("error", () => client.end());
    client.on("close", () => clients.delete(client));
    serve(client, behaviour, commands);
    behaviour.connected?.(client, info, dials);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    commands,
    dials: () => dials,
    connection: (more = {}) => ({ host: "127.0.0.1", port, user: "root", password: "hostile", ...more }),
    stop: async () => {
      for (const client of clients) client.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function serve(client: Client, behaviour: Misbehaviour, commands: string[]): void {
  let attempts = 0;
  let open = 0;
  client.on("authentication", (context) => {
    if (context.method === "none") return context.reject(["password"]);
    attempts += 1;
    if (behaviour.authenticate?.(attempts) ?? true) context.accept();
    else context.reject(["password"]);
  });
  client.on("session", (accept, reject) => {
    if (behaviour.session && !behaviour.session(open)) return reject();
    open += 1;
    accept().on("exec", (acceptExec, _reject, { command }) => {
      commands.push(command);
      const channel = acceptExec();
      channel.on("close", () => {
        open -= 1;
      });
      channel.on("error", () => channel.close());
      behaviour.command?.(channel, client, command);
    });
  });
}
