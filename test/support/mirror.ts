// Upstream's release files over HTTP, where a lab's hosts can ask for them; one may be served as somebody has changed it.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";
import { pipeline } from "node:stream/promises";
import { addressOn } from "../lab/network";
import { loadState } from "../lab/state";
import type { TestLab } from "./testLab";

/** This machine as the lab's hosts see it. There once the lab has a host. */
export function machineAddress({ lab }: TestLab): string {
  const { subnet } = loadState(lab);
  if (subnet === undefined) throw new Error(`lab ${lab.id} has no network yet`);
  return addressOn("outer", subnet, 1);
}

export class Mirror {
  /** Paths that were asked for, as they came. */
  readonly asked: string[] = [];
  private changed: string | undefined;

  private constructor(
    private readonly root: string,
    private readonly server: Server,
  ) {}

  static async open(root: string, address: string): Promise<Mirror> {
    const server = createServer();
    const mirror = new Mirror(root, server);
    server.on("request", (request, response) => {
      // Whoever asked may have been killed meanwhile; a file that cannot be read ends the answer early.
      mirror.answer(request, response).catch((error: Error) => response.destroy(error));
    });
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, address, resolve));
    return mirror;
  }

  get url(): string {
    const { address, port } = this.server.address() as AddressInfo;
    return `http://${address}:${port}`;
  }

  /** From now on this file comes with one byte more than what its checksum was made of; undefined: all are right. */
  tamper(path: string | undefined): void {
    this.changed = path;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer({ url = "/" }: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = normalize(decodeURIComponent(new URL(url, "http://mirror").pathname)).slice(1);
    this.asked.push(path);
    const file = join(this.root, path);
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    const extra = path === this.changed ? "!" : "";
    response.writeHead(200, { "content-length": found.size + extra.length });
    await pipeline(createReadStream(file), response, { end: false });
    response.end(extra);
  }
}
