import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { runThrough, say } from "../tools/run";
import { containerName } from "./container";
import { type Engine, findEngine } from "./engine";
import { cut, heal, powerOff, reinstall, startHost } from "./hosts";
import { down, type HostWish, list, up } from "./lab";
import { hostOf, type Lab, labOf, loadState } from "./state";

const usage = `usage: npm run --silent lab -- VERB [--lab ID]
  up NAME... [--user NAME] [--sudo-password-stdin] [--behind JUMP] [--device]
                         make or start hosts, wait for sshd; a device has an sshd, BusyBox and nothing else
  list [--json]          name, address, port, user, identityFile, hostKey of each host
  exec NAME -- CMD...    run a command as root on a host
  poweroff NAME          end every process of a host at once
  poweron NAME           start it again
  reinstall NAME         same address; new disk, host key and machine-id
  cut NAME | heal NAME   take the host's network away, give it back
  down [NAME...]         remove hosts; all of them, and the lab, without a name`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    lab: { type: "string", default: "default" },
    user: { type: "string", default: "root" },
    "sudo-password-stdin": { type: "boolean", default: false },
    behind: { type: "string" },
    device: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});

async function main(): Promise<number> {
  const [verb, ...names] = positionals;
  const lab = labOf(values.lab);
  if (verb === "list") return printList(lab);
  const engine = await findEngine();
  switch (verb) {
    case "up":
      if (names.length === 0) throw new Error("up needs the name of at least one host");
      await up(engine, lab, names, wishFromOptions());
      return 0;
    case "down":
      await down(engine, lab, names);
      return 0;
    case "exec":
      return await exec(engine, lab, names);
    default:
      return await onOneHost(engine, lab, verb, names);
  }
}

const oneHostVerbs: Record<string, (engine: Engine, lab: Lab, name: string) => Promise<void>> = {
  poweroff: powerOff,
  poweron: startHost,
  reinstall,
  cut,
  heal,
};

async function onOneHost(engine: Engine, lab: Lab, verb: string | undefined, names: readonly string[]) {
  const act = verb === undefined ? undefined : oneHostVerbs[verb];
  const [name, ...more] = names;
  if (act === undefined || name === undefined || more.length > 0) throw new Error(usage);
  await act(engine, lab, name);
  return 0;
}

function exec(engine: Engine, lab: Lab, words: readonly string[]): Promise<number> {
  const [name, ...argv] = words;
  if (name === undefined || argv.length === 0) throw new Error(usage);
  hostOf(lab, loadState(lab), name);
  return runThrough([...engine.command, "exec", "--interactive", containerName(lab, name), ...argv]);
}

function printList(lab: Lab): number {
  const hosts = list(lab);
  const table = hosts.map(
    (host) => `${host.name}\t${host.address}\t${host.user}${host.behind ? `\tbehind ${host.behind}` : ""}`,
  );
  process.stdout.write(`${values.json ? JSON.stringify(hosts, null, 2) : table.join("\n")}\n`);
  return 0;
}

function wishFromOptions(): HostWish {
  return {
    user: values.user,
    ...(values["sudo-password-stdin"] ? { sudoPassword: readFileSync(0, "utf8").replace(/\r?\n$/, "") } : {}),
    ...(values.behind === undefined ? {} : { behind: values.behind }),
    ...(values.device ? { device: true } : {}),
  };
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    say(`lab: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  },
);
