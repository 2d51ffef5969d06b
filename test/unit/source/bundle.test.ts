import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { extract } from "tar-stream";
import { bundleOptions, parseAuth } from "../../../provider/bundle/arguments";
import { makeBundle } from "../../../provider/bundle/make";
import { parseChallenge } from "../../../provider/bundle/registry";
import { imagesFor, splitImage } from "../../../provider/kubeadm/images";
import { openBundle } from "../../../provider/source/bundle";

const digest = (bytes: Buffer | string) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const config = Buffer.from(JSON.stringify({ os: "linux", architecture: "amd64" }));
const layer = Buffer.from("a layer");
const descriptor = (mediaType: string, bytes: Buffer) => ({ mediaType, digest: digest(bytes), size: bytes.length });
const docker = "application/vnd.docker";
const manifest = Buffer.from(
  JSON.stringify({
    config: descriptor(`${docker}.container.image.v1+json`, config),
    layers: [descriptor(`${docker}.image.rootfs.diff.tar.gzip`, layer)],
  }),
);
const list = Buffer.from(
  JSON.stringify({
    manifests: ["arm64", "amd64"].map((architecture) => ({
      ...descriptor(
        `${docker}.distribution.manifest.v2+json`,
        architecture === "amd64" ? manifest : Buffer.from("another"),
      ),
      platform: { os: "linux", architecture },
    })),
  }),
);

let spoil = false;

/** Upstream's releases and a registry that wants a token, on one port. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", `http://${request.headers.host}`);
  if (url.pathname === "/token") {
    const right = request.headers.authorization === `Basic ${Buffer.from("puller:word").toString("base64")}`;
    response.writeHead(right ? 200 : 401).end(JSON.stringify({ token: "granted" }));
  } else if (!url.pathname.startsWith("/v2/")) {
    const program = `content of ${url.pathname.replace(/\.sha256(sum)?$/, "")}`;
    const sum = url.pathname.endsWith("runc.sha256sum") ? program.replace(/runc$/, "runc.amd64") : program;
    const named = url.pathname.endsWith("sha256sum")
      ? `  ${url.pathname
          .split("/")
          .at(-1)
          ?.replace(/\.sha256sum$/, "")}`
      : "";
    const file = named.endsWith("runc") ? "  runc.amd64" : named;
    response.end(/sha256(sum)?$/.test(url.pathname) ? `${digest(sum).slice(7)}${file}\n` : program);
  } else if (request.headers.authorization !== "Bearer granted") {
    response.writeHead(401, { "www-authenticate": `Bearer realm="${url.origin}/token",service="s",scope="x"` }).end();
  } else if (url.pathname.includes("/manifests/")) {
    const one = url.pathname.endsWith(digest(manifest));
    const type = `${docker}.distribution.manifest.${one ? "v2" : "list.v2"}+json`;
    response.writeHead(200, { "content-type": type }).end(one ? manifest : list);
  } else {
    const bytes = url.pathname.endsWith(digest(config)) ? config : layer;
    response.end(spoil && bytes === layer ? Buffer.from("A layer") : bytes);
  }
}

const server = createServer(answer);
let directory = "";
let address = "";

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "bundle-test-"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(async () => {
  server.close();
  await rm(directory, { recursive: true, force: true });
});

async function options(output: string, password = "word") {
  const words = ["--output", output, "--kubernetes-version", "1.34.4", "--mirror", address];
  const registries = ["registry.k8s.io", "ghcr.io"].flatMap((host) => ["--registry", `${host}=${address}`]);
  const made = await bundleOptions([...words, ...registries], () => {});
  assert.ok(made);
  const auths = { [new URL(address).host]: { auth: Buffer.from(`puller:${password}`).toString("base64") } };
  return { ...made, registries: { ...made.registries, credentials: parseAuth(JSON.stringify({ auths })) } };
}

async function entriesOf(file: string): Promise<Map<string, string>> {
  const entries = new Map<string, string>();
  for await (const entry of createReadStream(file).pipe(extract())) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    entries.set(entry.header.name, Buffer.concat(chunks).toString("utf8"));
  }
  return entries;
}

test("a bundle holds every program and image, with digests, and opens as a source", async () => {
  const output = join(directory, "whole");
  await makeBundle(await options(output));
  const bundle = await openBundle(output);
  const kubelet = bundle.file("dl.k8s.io/release/v1.34.4/bin/linux/amd64/kubelet");
  assert.equal(`sha256:${kubelet.sha256}`, digest(await readFile(kubelet.path)));
  const { first, rest } = imagesFor({ kubernetesVersion: "1.34.4", role: "controlPlane", cni: { flannel: {} } });
  const images = await bundle.images("amd64");
  assert.deepEqual(images.map(({ ref }) => ref).sort(), [...first, ...rest].sort());
  assert.throws(() => bundle.file("dl.k8s.io/release/v1.30.0/bin/linux/amd64/kubelet"), /does not hold/);
});

test("an image is an OCI layout with the name it will be asked for, of the right platform", async () => {
  const bundle = await openBundle(join(directory, "whole"));
  const [image] = await bundle.images("amd64");
  assert.ok(image);
  const entries = await entriesOf(image.local.path);
  const index = JSON.parse(entries.get("index.json") ?? "");
  assert.equal(index.manifests[0].digest, digest(manifest));
  assert.equal(index.manifests[0].annotations["io.containerd.image.name"], image.ref);
  assert.equal(index.manifests[0].annotations["org.opencontainers.image.ref.name"], splitImage(image.ref).tag);
  assert.equal(entries.get(`blobs/sha256/${digest(layer).slice(7)}`), "a layer");
});

test("a layer that is not what the manifest says ends it, and leaves no bundle that opens", async () => {
  spoil = true;
  const output = join(directory, "spoiled");
  await assert.rejects(makeBundle(await options(output)), /did not arrive as the registry's manifest describes it/);
  spoil = false;
  await assert.rejects(openBundle(output), /bundle.json/);
});

test("a wrong password is said, without the password", async () => {
  const error = await makeBundle(await options(join(directory, "refused"), "wr0ng")).catch((e: Error) => e);
  assert.ok(error instanceof Error);
  assert.match(error.message, /gave no token \(401\)/);
  assert.doesNotMatch(error.message, /wr0ng/);
});

test("challenges and arguments", async () => {
  assert.deepEqual(parseChallenge('Bearer realm="https://a/t",service="b",scope="c:d:pull"'), {
    scheme: "bearer",
    parameters: { realm: "https://a/t", service: "b", scope: "c:d:pull" },
  });
  await assert.rejects(
    bundleOptions([], () => {}),
    /--output is missing/,
  );
  await assert.rejects(
    bundleOptions(["--output", "x", "--arch", "mips"], () => {}),
    /--arch mips/,
  );
  await assert.rejects(
    bundleOptions(["--output", "x", "--kubernetes-version", "latest"], () => {}),
    /no exact version/,
  );
  await assert.rejects(
    bundleOptions(["--output", "x", "--os", "debian/12"], () => {}),
    /go together/,
  );
  await assert.rejects(
    bundleOptions(["--output", "x", "--registry", "nothing"], () => {}),
    /HOST=URL/,
  );
  assert.equal(await bundleOptions(["--help"], () => {}), undefined);
});
