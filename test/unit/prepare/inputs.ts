// What the tests of the preparation share: inputs, a survey of a bare host and a host that writes down what it is told.
import type { Host, RunOptions, RunResult } from "../../../provider/host/host";
import type { PrepareInputs } from "../../../provider/steps/prepare/context";
import { type Plan, planHost } from "../../../provider/steps/prepare/plan";
import { parseSurvey, type Survey } from "../../../provider/steps/prepare/survey";

export const inputs: PrepareInputs = {
  clusterId: "c1",
  name: "w1",
  roles: { controlPlane: false, worker: true },
  kubernetesVersion: "1.34.4",
  source: { download: {} },
  cni: { flannel: {} },
};

export function planOf(changed: Partial<PrepareInputs> = {}, keepsRuntime = false): Plan {
  return planHost({ inputs: { ...inputs, ...changed }, architecture: "amd64", keepsRuntime });
}

export const bareSurvey: Survey = parseSurvey(`
@@ claim

@@ entries

@@ placed

@@ files

@@ sysctls
/proc/sys/net/ipv4/ip_forward\t0
@@ modules
overlay
@@ units
containerd.service not-found inactive
kubelet.service not-found inactive
@@ runtime

@@ images

@@ program

@@ hostname
w1
@@ downloader
`);

export interface Told {
  title: string;
  args: readonly string[];
  options: RunOptions;
}

/** Answers with what `answer` says, and keeps what it was told. */
export function recordingHost(answer: (told: Told) => Partial<RunResult> = () => ({})): { host: Host; told: Told[] } {
  const told: Told[] = [];
  const tell = async (title: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> => {
    const one = { title, args, options };
    told.push(one);
    return { code: 0, stdout: "", stderr: "", ...answer(one) };
  };
  const host: Host = {
    name: "w1",
    label: "w1 (192.0.2.1)",
    run: (argv, options) => tell(argv[0] ?? "", argv.slice(1), options),
    sh: (script, args = [], options) => tell(script, args, options),
    readFile: async () => undefined,
    writeFile: async (path) => {
      await tell("writeFile", [path]);
      return true;
    },
    upload: async (file, path) => {
      await tell("upload", [file.path, path]);
      return true;
    },
  };
  return { host, told };
}
