// The API asked directly, for what would be too many runs of kubectl.
import { Agent, request } from "node:https";
import { parse } from "yaml";
import { Gate } from "../../provider/lib/limit";

interface Kubeconfig {
  clusters: { cluster: { server: string; "certificate-authority-data": string } }[];
  users: { user: { "client-certificate-data": string; "client-key-data": string } }[];
}

export interface ApiClientOptions {
  /** Requests at the same time, each on a connection that is kept. */
  atOnce?: number;
}

export class ApiClient {
  private readonly server: string;
  private readonly agent: Agent;
  private readonly gate: Gate;

  /** Of the first cluster and user of a kubeconfig. */
  constructor(kubeconfig: string, { atOnce = 16 }: ApiClientOptions = {}) {
    const { clusters, users } = parse(kubeconfig) as Kubeconfig;
    const [{ cluster } = missing("cluster")] = clusters;
    const [{ user } = missing("user")] = users;
    const decoded = (text: string): Buffer => Buffer.from(text, "base64");
    this.server = cluster.server;
    this.gate = new Gate(atOnce);
    this.agent = new Agent({
      keepAlive: true,
      maxSockets: atOnce,
      ca: decoded(cluster["certificate-authority-data"]),
      cert: decoded(user["client-certificate-data"]),
      key: decoded(user["client-key-data"]),
    });
  }

  close(): void {
    this.agent.destroy();
  }

  /** The answer's text; anything but success is an error with it. */
  send(method: "GET" | "POST" | "DELETE", path: string, body?: unknown, accept = "application/json"): Promise<string> {
    return this.gate.run(() => this.once(method, path, body === undefined ? "" : JSON.stringify(body), accept));
  }

  /** How many objects are in a list, without their content. */
  async count(path: string): Promise<number> {
    const accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    const { items } = JSON.parse(await this.send("GET", path, undefined, accept)) as { items: unknown[] };
    return items.length;
  }

  private once(method: string, path: string, body: string, accept: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = { accept, "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      const asked = request(`${this.server}${path}`, { method, headers, agent: this.agent }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        answer.on("error", reject).on("end", () => {
          if ((answer.statusCode ?? 500) < 300) resolve(text);
          else reject(new Error(`${method} ${path}: ${answer.statusCode}: ${text.slice(0, 500)}`));
        });
      });
      asked.on("error", reject).end(body);
    });
  }
}

function missing(what: string): never {
  throw new Error(`the kubeconfig has no ${what}`);
}
