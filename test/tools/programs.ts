import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cached, keyOf } from "./cache";
import { type GoBuild, goBuild, goBuildIn, goModule, goTestIn } from "./go";
import { projectDir, versions } from "./versions";

const modules = versions.test.goModules;

/** The programs that are built, apart from Kubernetes' own. */
const builds = {
  pulumi: {
    require: [
      `github.com/pulumi/pulumi/pkg/v3 v${versions.pulumi}`,
      `github.com/pulumi/pulumi/sdk/v3 v${versions.pulumi}`,
    ],
    packages: ["github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"],
    stamp: [`github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${versions.pulumi}`],
  },
  "pulumi-language-nodejs": {
    require: [`github.com/pulumi/pulumi/sdk/v3 v${modules.pulumiNodejsLanguageHost}`],
    packages: ["github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs"],
  },
  containerd: {
    require: [`github.com/containerd/containerd/v2 v${versions.containerd}`],
    packages: ["containerd", "containerd-shim-runc-v2", "ctr"].map(
      (name) => `github.com/containerd/containerd/v2/cmd/${name}`,
    ),
    stamp: [`github.com/containerd/containerd/v2/version.Version=v${versions.containerd}`],
  },
  runc: {
    require: [`github.com/opencontainers/runc v${versions.runc}`],
    packages: ["github.com/opencontainers/runc"],
    tags: ["seccomp", "netgo", "osusergo"],
    cgo: true,
  },
  "cni-plugins": {
    require: [`github.com/containernetworking/plugins v${versions.cniPlugins}`],
    packages: ["ipam/...", "main/...", "meta/..."].map(
      (part) => `github.com/containernetworking/plugins/plugins/${part}`,
    ),
    stamp: [`github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion=v${versions.cniPlugins}`],
  },
  "etcd-tools": {
    require: ["etcdctl", "etcdutl"].map((name) => `go.etcd.io/etcd/${name}/v3 v${modules.etcdTools}`),
    packages: ["etcdctl", "etcdutl"].map((name) => `go.etcd.io/etcd/${name}/v3`),
  },
  flannel: {
    require: [`github.com/flannel-io/flannel v${versions.flannel.version}`],
    packages: ["github.com/flannel-io/flannel"],
    // The version flannel itself asks for has left the proxy.
    replace: [tencentcloud("github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common")],
    stamp: [`github.com/flannel-io/flannel/pkg/version.Version=v${versions.flannel.version}`],
    cgo: true,
  },
  "flannel-cni-plugin": {
    require: [`github.com/containernetworking/plugins v${modules.flannelCniPlugin}`],
    packages: ["github.com/containernetworking/plugins/plugins/meta/flannel"],
  },
  "metrics-server": {
    require: [`sigs.k8s.io/metrics-server v${versions.test.metricsServer}`],
    packages: ["sigs.k8s.io/metrics-server/cmd/metrics-server"],
  },
  registry: {
    require: [`github.com/distribution/distribution/v3 v${versions.test.registry}`],
    packages: ["github.com/distribution/distribution/v3/cmd/registry"],
  },
} satisfies Record<string, GoBuild>;

export type ProgramSet = keyof typeof builds;

/** The directory with these programs, built when they are not in the cache. */
export function programs(name: ProgramSet): Promise<string> {
  const build: GoBuild = builds[name];
  return cached(`${name}-${keyOf(build)}`, (dir) => goBuild(build, dir));
}

/** CoreDNS is a program of each Kubernetes version. */
export function coredns(version: string): Promise<string> {
  const build: GoBuild = {
    require: [`github.com/coredns/coredns ${version}`],
    packages: ["github.com/coredns/coredns"],
  };
  return cached(`coredns-${keyOf(build)}`, (dir) => goBuild(build, dir));
}

/** etcd's server is one of each Kubernetes version; its program is called `server`. */
export function etcdServer(tag: string): Promise<string> {
  const build: GoBuild = {
    require: [`go.etcd.io/etcd/server/v3 v${tag.replace(/-.*$/, "")}`],
    packages: ["go.etcd.io/etcd/server/v3"],
  };
  return cached(`etcd-server-${keyOf(build)}`, (dir) => goBuild(build, dir));
}

/** The small web workload of the examples and tests. */
export function helloWeb(): Promise<string> {
  const source = join(projectDir, "test", "tools", "hello-web");
  return cached(`hello-web-${versions.test.helloWeb}`, (dir) => goBuildIn(source, { packages: ["."] }, dir));
}

/** What asks again and again while a test changes a cluster. */
export function poll(): Promise<string> {
  const source = join(projectDir, "test", "tools", "poll");
  return cached(`poll-${keyOf("1")}`, (dir) => goBuildIn(source, { packages: ["."] }, dir));
}

/** The virtual-kubelet library's own end-to-end suite, the file `suite`. */
export async function librarySuite(): Promise<string> {
  const source = join(projectDir, "test", "tools", "virtual-kubelet-suite");
  const pins = await readFile(join(source, "go.sum"), "utf8");
  const test = await readFile(join(source, "suite_test.go"), "utf8");
  const dir = await cached(`virtual-kubelet-suite-${keyOf(pins, test)}`, (to) => goTestIn(source, join(to, "suite")));
  return join(dir, "suite");
}

/** What every pod's sandbox runs. */
export function pause(): Promise<string> {
  const source = join(projectDir, "test", "tools", "pause");
  return cached(`pause-${keyOf("1")}`, (dir) => goBuildIn(source, { packages: ["."] }, dir));
}

export const kubernetesPrograms = [
  "kubeadm",
  "kubelet",
  "kubectl",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kube-proxy",
] as const;

/** All programs of one Kubernetes version. */
export function kubernetes(version: string): Promise<string> {
  return cached(`kubernetes-${version}-${keyOf("1")}`, async (dir) => {
    await goBuild(await kubernetesBuild(version), dir);
  });
}

async function kubernetesBuild(version: string): Promise<GoBuild> {
  const module = await goModule("k8s.io/kubernetes", `v${version}`);
  const goMod = await readFile(join(module.dir, "go.mod"), "utf8");
  const [major = "", minor = "", patch = ""] = version.split(".");
  // In the module k8s.io/kubernetes these are directories of its repository; the proxy has them as modules of their own.
  const staged = [...goMod.matchAll(/^\s*(?:replace )?(k8s\.io\/\S+) => \.\/staging\//gm)].map((match) => match[1]);
  const godebug = /^godebug default=(\S+)/m.exec(goMod)?.[1];
  return {
    require: [`k8s.io/kubernetes v${version}`],
    replace: staged.map((name) => `${name} => ${name} v0.${minor}.${patch}`),
    packages: kubernetesPrograms.map((name) => `k8s.io/kubernetes/cmd/${name}`),
    ...(godebug === undefined ? {} : { godebug }),
    stamp: [
      ...[
        `gitVersion=v${version}`,
        `gitMajor=${major}`,
        `gitMinor=${minor}`,
        "gitTreeState=clean",
        `buildDate=${module.time}`,
      ],
    ].map((setting) => `k8s.io/component-base/version.${setting}`),
  };
}

function tencentcloud(module: string): string {
  return `${module} => ${module} v${modules.tencentcloudCommon}`;
}
