// The API asked directly, for what would be too many runs of kubectl.
import { Pool } from "undici";
import { parse } from "yaml";

interface Kubeconfig {
  clusters: { cluster: { server: string; "certificate-authority-data": string } }[];
  users: { user: { "client-certificate-data": string; "client-key-data": string } }[];
}

export interface ApiClientOptions {
  /** Requests at the same time, each on a connection that is kept. */
  atOnce?: number;
}

/** An API server of a busy lab is slow, but an answer that takes longer than this never comes. */
const patienceMs = 120_000;

export class ApiClient {
  private readonly pool: Pool;

  /** Of the first cluster and user of a kubeconfig. */
  constructor(kubeconfig: string, { atOnce = 16 }: ApiClientOptions = {}) {
    const { clusters, users } = parse(kubeconfig) as Kubeconfig;
    const [{ cluster } = missing("cluster")] = clusters;
    const [{ user } = missing("user")] = users;
    const decoded = (text: string): Buffer => Buffer.from(text, "base64");
    this.pool = new Pool(cluster.server, {
      connections: atOnce,
      headersTimeout: patienceMs,
      bodyTimeout: patienceMs,
      connect: {
        ca: decoded(cluster["certificate-authority-data"]),
        cert: decoded(user["client-certificate-data"]),
        key: decoded(user["client-key-data"]),
      },
    });
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }

  /** The answer's text; anything but success is an error with it. */
  async send(method: "GET" | "POST" | "DELETE", path: string, body?: unknown, accept = "application/json") {
    const headers = { accept, "content-type": "application/json" };
    const answer = await this.pool.request({ method, path, headers, body: body ? JSON.stringify(body) : null });
    const text = await answer.body.text();
    if (answer.statusCode < 300) return text;
    throw new Error(`${method} ${path}: ${answer.statusCode}: ${text.slice(0, 500)}`);
  }

  /** How many objects are in a list, without their content. */
  async count(path: string): Promise<number> {
    const accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    const { items } = JSON.parse(await this.send("GET", path, undefined, accept)) as { items: unknown[] | null };
    // The API server tells an empty list of this kind as null.
    return items?.length ?? 0;
  }
}

function missing(what: string): never {
  throw new Error(`the kubeconfig has no ${what}`);
}
