// Pulling an image over the registry's HTTP API (OCI distribution, v2): no daemon, every byte checked by digest.
import { z } from "zod";
import type { Architecture } from "../host/os/os";
import { splitImage } from "../kubeadm/images";
import { UserError } from "../lib/errors";
import { sha256 } from "../lib/sha256";

const descriptorSchema = z.object({
  mediaType: z.string(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  size: z.number().int().min(0),
  platform: z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() }).optional(),
});
export type Descriptor = z.infer<typeof descriptorSchema>;

const manifestSchema = z.object({ config: descriptorSchema, layers: z.array(descriptorSchema) });
const listSchema = z.object({ manifests: z.array(descriptorSchema) });

const manifestTypes = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];
const listTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

export interface Credentials {
  username: string;
  password: string;
}

export interface RegistryOptions {
  /** Where a registry's images are really fetched from: "registry.k8s.io" to "https://mirror.example:5000". */
  mirrors: ReadonlyMap<string, string>;
  /** By the host that is asked. */
  credentials: ReadonlyMap<string, Credentials>;
  signal: AbortSignal;
}

export interface ImageManifest {
  descriptor: Descriptor;
  bytes: Buffer;
  /** The configuration first, then the layers. */
  blobs: Descriptor[];
}

function digestOf(bytes: Buffer): string {
  return `sha256:${sha256(bytes)}`;
}

/** What a challenge asks for: 'Bearer realm="...",service="...",scope="..."'. */
export function parseChallenge(header: string): { scheme: string; parameters: Record<string, string> } {
  const scheme = header.split(" ", 1)[0]?.toLowerCase() ?? "";
  const parameters = [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [key, value]);
  return { scheme, parameters: Object.fromEntries(parameters) };
}

/** One image's repository in its registry. */
export class Repository {
  private readonly base: string;
  private readonly name: string;
  private readonly reference: string;
  private authorization: string | undefined;

  constructor(
    readonly image: string,
    private readonly options: RegistryOptions,
  ) {
    const { registry, repository, tag, digest } = splitImage(image);
    const host = registry === "docker.io" ? "registry-1.docker.io" : registry;
    this.base = (options.mirrors.get(registry) ?? `https://${host}`).replace(/\/+$/, "");
    this.name = repository;
    this.reference = digest ?? tag ?? "latest";
  }

  async manifest(architecture: Architecture): Promise<ImageManifest> {
    const found = await this.fetchManifest(this.reference);
    if (!listTypes.includes(found.mediaType)) return this.parsed(found.bytes, found.mediaType);
    const list = listSchema.parse(JSON.parse(found.bytes.toString("utf8"))).manifests;
    const chosen = list.find(({ platform }) => platform?.os === "linux" && platform.architecture === architecture);
    if (chosen === undefined) throw new UserError(`${this.image} is not there for linux/${architecture}`);
    const one = await this.fetchManifest(chosen.digest);
    if (digestOf(one.bytes) !== chosen.digest) throw this.damaged(chosen.digest);
    return this.parsed(one.bytes, one.mediaType);
  }

  /** To be read to its end and checked by whoever stores it. */
  async blob({ digest }: Descriptor): Promise<ReadableStream<Uint8Array>> {
    const { body } = await this.get(`blobs/${digest}`, {});
    if (body === null) throw this.damaged(digest);
    return body;
  }

  damaged(digest: string): UserError {
    return new UserError(
      `${this.image}: ${digest} did not arrive as the registry's manifest describes it`,
      "run again; if it happens again, ask whoever runs the registry",
    );
  }

  private parsed(bytes: Buffer, mediaType: string): ImageManifest {
    const { config, layers } = manifestSchema.parse(JSON.parse(bytes.toString("utf8")));
    return {
      descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length },
      bytes,
      blobs: [config, ...layers],
    };
  }

  private async fetchManifest(reference: string): Promise<{ bytes: Buffer; mediaType: string }> {
    const response = await this.get(`manifests/${reference}`, { accept: [...listTypes, ...manifestTypes].join(", ") });
    const mediaType = response.headers.get("content-type")?.split(";", 1)[0]?.trim() ?? manifestTypes[0] ?? "";
    return { bytes: Buffer.from(await response.arrayBuffer()), mediaType };
  }

  private async get(path: string, headers: Record<string, string>): Promise<Response> {
    const url = `${this.base}/v2/${this.name}/${path}`;
    const first = await this.ask(url, headers);
    const response = first.status === 401 ? await this.again(first, url, headers) : first;
    if (response.ok) return response;
    await response.body?.cancel();
    const remedy =
      response.status === 401 || response.status === 403
        ? "give credentials with --auth"
        : "check the image's name and the registry, or name a mirror with --registry";
    throw new UserError(`${this.image}: ${this.base} answered ${response.status} for ${path}`, remedy);
  }

  private async again(first: Response, url: string, headers: Record<string, string>): Promise<Response> {
    await first.body?.cancel();
    this.authorization = await this.authorize(first.headers.get("www-authenticate") ?? "");
    return this.ask(url, headers);
  }

  private async ask(url: string, headers: Record<string, string>): Promise<Response> {
    const authorization: Record<string, string> =
      this.authorization === undefined ? {} : { authorization: this.authorization };
    try {
      return await fetch(url, { headers: { ...headers, ...authorization }, signal: this.options.signal });
    } catch (cause) {
      const text = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
      throw new UserError(
        `${this.image}: cannot reach ${this.base}: ${text}`,
        "check the network, or name a mirror with --registry",
        { cause },
      );
    }
  }

  private async authorize(header: string): Promise<string | undefined> {
    const { scheme, parameters } = parseChallenge(header);
    const known = this.options.credentials.get(new URL(this.base).host);
    const basic = known && `Basic ${Buffer.from(`${known.username}:${known.password}`).toString("base64")}`;
    if (scheme !== "bearer" || parameters["realm"] === undefined) return basic;
    const realm = new URL(parameters["realm"]);
    if (parameters["service"] !== undefined) realm.searchParams.set("service", parameters["service"]);
    realm.searchParams.set("scope", parameters["scope"] ?? `repository:${this.name}:pull`);
    const response = await fetch(realm, {
      headers: basic === undefined ? {} : { authorization: basic },
      signal: this.options.signal,
    });
    if (!response.ok)
      throw new UserError(
        `${this.image}: ${realm.host} gave no token (${response.status})`,
        "give credentials with --auth",
      );
    const answer = z
      .object({ token: z.string().optional(), access_token: z.string().optional() })
      .parse(await response.json());
    return `Bearer ${answer.token ?? answer.access_token ?? ""}`;
  }
}
