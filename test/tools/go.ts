import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onPath, run } from "./run";

/** Programs built together from one module. */
export interface GoBuild {
  /** `module version` pairs that the build needs directly. */
  readonly require: readonly string[];
  readonly packages: readonly string[];
  /** `module => module version` lines. */
  readonly replace?: readonly string[];
  readonly godebug?: string;
  /** `-X` settings of the linker, without the `-X`. */
  readonly stamp?: readonly string[];
  readonly tags?: readonly string[];
  /** Linked with C, and statically. */
  readonly cgo?: boolean;
  /** Default: this machine's. */
  readonly architecture?: "amd64" | "arm64";
  /** The module pins everything it needs, and stays as it is. */
  readonly pinned?: boolean;
}

// A go line below what the dependencies ask for is raised by the go command itself.
const goLine = "1.25.0";

/** Builds a module's programs into `target`, from the Go module proxy alone. */
export async function goBuild(build: GoBuild, target: string): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), "pulumi-kubeadm-go-"));
  try {
    await writeFile(join(dir, "go.mod"), goMod(build));
    await goBuildIn(dir, build, target);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Builds packages of the module in `dir` into `target`. */
export async function goBuildIn(dir: string, build: Omit<GoBuild, "require">, target: string): Promise<void> {
  const tags = build.tags === undefined ? [] : ["-tags", build.tags.join(",")];
  await inModule(dir, build, ["build", ...tags, "-ldflags", linkerFlags(build), "-o", `${target}/`, ...build.packages]);
}

/** Builds the tests of the module in `dir` as a program, the file `target`. */
export async function goTestIn(dir: string, target: string): Promise<void> {
  await inModule(dir, { pinned: true }, ["test", "-c", "-ldflags", linkerFlags({}), "-o", target, "."]);
}

async function inModule(
  dir: string,
  build: Pick<GoBuild, "architecture" | "cgo" | "pinned">,
  argv: string[],
): Promise<void> {
  if (!(await onPath("go")))
    throw new Error("building needs Go 1.26 or later on PATH: install it from https://go.dev/dl");
  await run(["go", ...argv], {
    cwd: dir,
    env: {
      ...process.env,
      CGO_ENABLED: build.cgo ? "1" : "0",
      // A module file that was written here is incomplete on purpose: the go command fills in what the pins lead to.
      GOFLAGS: `-trimpath -mod=${build.pinned ? "readonly" : "mod"}`,
      GOWORK: "off",
      ...(build.architecture === undefined ? {} : { GOOS: "linux", GOARCH: build.architecture }),
    },
  });
}

/** What the module cache knows of one module version. */
export interface GoModule {
  readonly dir: string;
  readonly time: string;
}

export async function goModule(path: string, version: string): Promise<GoModule> {
  const { stdout } = await run(["go", "mod", "download", "-json", `${path}@${version}`], {
    cwd: tmpdir(),
    env: { ...process.env, GOFLAGS: "-mod=mod", GOWORK: "off" },
  });
  const { Dir: dir, Info: info } = JSON.parse(stdout) as { Dir: string; Info: string };
  const { Time: time } = JSON.parse(await readFile(info, "utf8")) as { Time: string };
  return { dir, time };
}

function goMod(build: GoBuild): string {
  const lines = [
    "module build",
    `go ${goLine}`,
    ...(build.godebug === undefined ? [] : [`godebug default=${build.godebug}`]),
    ...build.require.map((module) => `require ${module}`),
    ...(build.replace ?? []).map((replacement) => `replace ${replacement}`),
  ];
  return `${lines.join("\n")}\n`;
}

function linkerFlags(build: Pick<GoBuild, "cgo" | "stamp">): string {
  const fixed = build.cgo ? ["-linkmode external", "-extldflags -static"] : [];
  return ["-s -w", ...fixed, ...(build.stamp ?? []).map((setting) => `-X ${setting}`)].join(" ");
}
