import { join } from "node:path";
import { debianBinaries, networkToolsSlice } from "./debian";
import type { ImageFile, ImageRecipe } from "./image";
import { coredns, etcdServer, helloWeb, kubernetes, pause, programs } from "./programs";
import { imagesOf, versions } from "./versions";

const registry = "registry.k8s.io";

/** The references of all images that a cluster of this version and the example's workload run from. */
export function imageRefs(version: string) {
  const tags = imagesOf(version);
  const kube = (name: string) => `${registry}/${name}:v${version}`;
  return {
    apiserver: kube("kube-apiserver"),
    controllerManager: kube("kube-controller-manager"),
    scheduler: kube("kube-scheduler"),
    proxy: kube("kube-proxy"),
    coredns: `${registry}/coredns/coredns:${tags.coredns}`,
    pause: `${registry}/pause:${tags.pause}`,
    etcd: `${registry}/etcd:${tags.etcd}`,
    flannel: `ghcr.io/flannel-io/flannel:v${versions.flannel.version}`,
    flannelCniPlugin: `ghcr.io/flannel-io/flannel-cni-plugin:v${versions.flannel.cniPlugin}`,
    helloWeb: `docker.io/library/hello-web:${versions.test.helloWeb}`,
  } as const;
}

/** How each image is made out of programs that were built. */
export async function imageRecipes(version: string): Promise<ImageRecipe[]> {
  const refs = imageRefs(version);
  const kube = await kubernetes(version);
  const slice = join(await networkToolsSlice(), "slice.tar");
  const busybox = join(await debianBinaries(), "busybox");
  const own = (ref: string, name: string): ImageRecipe => ({ ref, files: [program(kube, name)] });
  return [
    own(refs.apiserver, "kube-apiserver"),
    own(refs.controllerManager, "kube-controller-manager"),
    own(refs.scheduler, "kube-scheduler"),
    { ...own(refs.proxy, "kube-proxy"), base: slice },
    await etcdRecipe(refs.etcd, imagesOf(version).etcd),
    {
      ref: refs.coredns,
      files: [{ path: "coredns", from: join(await coredns(imagesOf(version).coredns), "coredns") }],
      entrypoint: ["/coredns"],
    },
    {
      ref: refs.pause,
      files: [{ path: "pause", from: join(await pause(), "pause") }],
      entrypoint: ["/pause"],
    },
    {
      ref: refs.flannel,
      base: slice,
      files: [{ path: "opt/bin/flanneld", from: join(await programs("flannel"), "flannel") }],
      entrypoint: ["/opt/bin/flanneld"],
    },
    {
      ref: refs.flannelCniPlugin,
      files: [
        { path: "flannel", from: join(await programs("flannel-cni-plugin"), "flannel") },
        { path: "bin/busybox", from: busybox },
        { path: "bin/cp", linkTo: "busybox" },
      ],
    },
    await helloWebRecipe(),
  ];
}

/** The web workload is the project's own: no registry has it. */
export async function helloWebRecipe(): Promise<ImageRecipe> {
  return {
    ref: `docker.io/library/hello-web:${versions.test.helloWeb}`,
    files: [{ path: "hello-web", from: join(await helloWeb(), "hello-web") }],
    entrypoint: ["/hello-web"],
  };
}

/** etcd's tools are not to be had as modules of every version; theirs work with each server. */
async function etcdRecipe(ref: string, tag: string): Promise<ImageRecipe> {
  const server = { path: "usr/local/bin/etcd", from: join(await etcdServer(tag), "server") };
  const tools = await programs("etcd-tools");
  return { ref, files: [server, program(tools, "etcdctl"), program(tools, "etcdutl")], entrypoint: ["etcd"] };
}

function program(dir: string, name: string): ImageFile {
  return { path: `usr/local/bin/${name}`, from: join(dir, name) };
}
