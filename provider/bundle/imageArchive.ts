// An image as one file that a runtime imports: an OCI layout in a tar, named as it will be asked for.
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename } from "node:fs/promises";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as WebStream } from "node:stream/web";
import { type Pack, pack } from "tar-stream";
import type { Architecture } from "../host/os/os";
import { splitImage } from "../kubeadm/images";
import { type Descriptor, type ImageManifest, type RegistryOptions, Repository } from "./registry";

/** The first name is containerd's own annotation, the second the specification's. */
function indexOf(image: string, { descriptor }: ImageManifest): string {
  const annotations = {
    "io.containerd.image.name": image,
    "org.opencontainers.image.ref.name": splitImage(image).tag ?? "latest",
  };
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [{ ...descriptor, annotations }],
  });
}

const blobName = (digest: string) => `blobs/sha256/${digest.replace("sha256:", "")}`;

async function addBlob(archive: Pack, repository: Repository, blob: Descriptor): Promise<void> {
  const entry = archive.entry({ name: blobName(blob.digest), size: blob.size });
  const hash = createHash("sha256");
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
    // Wrong bytes never become a whole file: the archive is renamed only after all of it was right.
    flush: (done) => done(`sha256:${hash.digest("hex")}` === blob.digest ? null : repository.damaged(blob.digest)),
  });
  const body = Readable.fromWeb((await repository.blob(blob)) as WebStream);
  await pipeline(body, check, entry);
}

/** Fetches an image for one architecture into `file`. */
export async function archiveImage(
  image: string,
  architecture: Architecture,
  file: string,
  options: RegistryOptions,
): Promise<void> {
  const repository = new Repository(image, options);
  const manifest = await repository.manifest(architecture);
  const archive = pack();
  const fill = async (): Promise<void> => {
    archive.entry({ name: "oci-layout" }, JSON.stringify({ imageLayoutVersion: "1.0.0" }));
    archive.entry({ name: "index.json" }, indexOf(image, manifest));
    archive.entry({ name: blobName(manifest.descriptor.digest) }, manifest.bytes);
    const unique = new Map(manifest.blobs.map((blob) => [blob.digest, blob]));
    for (const blob of unique.values()) await addBlob(archive, repository, blob);
    archive.finalize();
  };
  const filled = fill().catch((error: Error) => {
    archive.destroy(error);
    throw error;
  });
  const results = await Promise.allSettled([filled, pipeline(archive, createWriteStream(`${file}.part`))]);
  for (const result of results) if (result.status === "rejected") throw result.reason;
  await rename(`${file}.part`, file);
}
