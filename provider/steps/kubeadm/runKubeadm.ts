// kubeadm on a host: its phases as progress, its failure with what the kubelet says and what to do.
import type { Host, RunOptions, RunResult } from "../../host/host";
import { CommandError, messageOf } from "../../lib/errors";
import type { Progress } from "../../lib/progress";
import { remedyFor } from "./troubles";

export interface KubeadmOptions {
  /** Of another version than the one in its place. */
  program?: string;
  timeoutMs: number;
  progress?: Progress;
  stdin?: string;
  env?: Readonly<Record<string, string>>;
  /** Standard output may hold a token or a key. */
  secretOutput?: boolean;
}

export async function runKubeadm(host: Host, argv: readonly string[], options: KubeadmOptions): Promise<RunResult> {
  const { progress, program = "kubeadm", ...rest } = options;
  const run: RunOptions = { ...rest };
  if (progress) run.onLine = phases((phase) => progress.say(`kubeadm ${argv[0]} on ${host.label}: ${phase}`));
  try {
    return await host.run([program, ...argv], run);
  } catch (error) {
    throw error instanceof CommandError ? await explained(host, error) : error;
  }
}

/** "[certs] Generating ..." is of a phase; kubeadm's advice for people is not. Each phase is told once. */
function phases(tell: (phase: string) => void): (line: string) => void {
  let last: string | undefined;
  return (line) => {
    const phase = /^\[([a-z-]+(?:\/[a-z-]+)*)\] ./.exec(line.trim())?.[1];
    if (phase !== undefined && phase !== last) tell(phase);
    last = phase ?? last;
  };
}

/** kubeadm only knows that the kubelet is not healthy; why is in the kubelet's own log. */
async function explained(host: Host, error: CommandError): Promise<CommandError> {
  const direct = remedyFor(error.stderr);
  const kubelet = await kubeletComplaint(host);
  const remedy = kubelet ? (remedyFor(kubelet) ?? direct) : direct;
  const stderr = kubelet ? `${error.stderr.trim()}\n  kubelet: ${kubelet}` : error.stderr;
  return new CommandError(host.label, error.command, error.outcome, stderr, remedy);
}

const complaints = `
systemctl is-active --quiet kubelet && exit 0
journalctl -u kubelet -n 60 --no-pager -o cat 2>/dev/null | grep -E '^(E[0-9]{4}|F[0-9]{4}|Error)|"command failed"' | tail -n 1
`;

/** The last complaint of a kubelet that does not run; the failure at hand stays the error when even asking fails. */
async function kubeletComplaint(host: Host): Promise<string> {
  const seen = await host.sh(complaints, [], { ok: [0, 1], timeoutMs: 10_000 }).catch((error: unknown) => {
    return { stdout: `its log could not be read (${messageOf(error)})` };
  });
  return seen.stdout.trim().slice(0, 500);
}
