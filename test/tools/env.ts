import { copyFile } from "node:fs/promises";
import { basename, delimiter, join } from "node:path";
import { cached, keyOf } from "./cache";
import { kubernetes, programs } from "./programs";
import { fetchKubectl, origin, upstreamPulumi } from "./upstream";
import { projectDir, versions } from "./versions";

/** Beside pulumi, where it looks for what belongs to it; found anywhere else it would warn. */
const dynamicProvider = join(projectDir, "node_modules", "@pulumi", "pulumi", "pulumi-resource-pulumi-nodejs");

/** The directory of the workstation's programs: pulumi, its language host, kubectl, and a registry for tests. */
export async function binDir(): Promise<string> {
  const from = await origin();
  const version = versions.kubernetes.default;
  const registry = join(await programs("registry"), "registry");
  const sources = [
    registry,
    dynamicProvider,
    ...(from === "build" ? await builtSources(version) : await upstreamSources()),
  ];
  return cached(
    `bin-${keyOf(
      version,
      versions.pulumi,
      sources.map((source) => source.replace(projectDir, "")),
    )}`,
    async (dir) => {
      for (const source of sources) await copyFile(source, join(dir, basename(source)));
      if (from === "upstream") await fetchKubectl(join(dir, "kubectl"), version);
    },
  );
}

async function builtSources(version: string): Promise<string[]> {
  return [
    join(await programs("pulumi"), "pulumi"),
    join(await programs("pulumi-language-nodejs"), "pulumi-language-nodejs"),
    join(await kubernetes(version), "kubectl"),
  ];
}

async function upstreamSources(): Promise<string[]> {
  const dir = await upstreamPulumi();
  return ["pulumi", "pulumi-language-nodejs"].map((name) => join(dir, name));
}

/** What a shell or a test sets so that `pulumi` runs the project's programs. */
export async function pulumiEnv(): Promise<Record<string, string>> {
  const path = [await binDir(), process.env.PATH ?? ""];
  return {
    PATH: path.join(delimiter),
    PULUMI_NODEJS_TYPESCRIPT: "true",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
}
