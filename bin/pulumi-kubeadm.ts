#!/usr/bin/env node
// The commands beside the components: a bundle for machines without a way out, and a cluster that lost its quorum.
import { bundleOptions, usage as bundleUsage } from "../provider/bundle/arguments";
import { makeBundle } from "../provider/bundle/make";
import { UserError } from "../provider/lib/errors";
import { usage as recoverUsage } from "../provider/recover/arguments";
import { recoverCommand } from "../provider/recover/command";
import { terminalOf } from "../provider/recover/terminal";

const usage = `Usage: pulumi-kubeadm COMMAND [options]

  bundle    make a directory with everything that hosts without a way out need
  recover   bring a cluster that lost its quorum for good back on one control plane

pulumi-kubeadm COMMAND --help says more.
`;

async function main([command, ...words]: readonly string[]): Promise<number> {
  switch (command) {
    case "bundle":
      process.stdout.write((await bundle(words)) ?? bundleUsage);
      return 0;
    case "recover": {
      const terminal = terminalOf({ input: process.stdin, output: process.stderr });
      process.stdout.write((await recoverCommand(words, terminal)) ?? recoverUsage);
      return 0;
    }
    case "--help":
    case "-h":
      process.stdout.write(usage);
      return 0;
    default:
      process.stderr.write(usage);
      return 2;
  }
}

async function bundle(words: readonly string[]): Promise<string | undefined> {
  const options = await bundleOptions(words, (text) => process.stdout.write(`${text}\n`));
  if (options === undefined) return undefined;
  await makeBundle(options);
  return `${options.output} is complete: source: { bundle: { path: ${JSON.stringify(options.output)} } }\n`;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    // parseArgs names the word it does not know; a stack helps nobody there.
    const own = error instanceof UserError || ("code" in error && String(error.code).startsWith("ERR_PARSE_ARGS"));
    process.stderr.write(`${own ? error.message : (error.stack ?? error.message)}\n`);
    process.exitCode = 1;
  },
);
