#!/usr/bin/env node
// The command beside the components: makes bundles for machines without a way out.
import { bundleOptions, usage } from "../provider/bundle/arguments";
import { makeBundle } from "../provider/bundle/make";
import { UserError } from "../provider/lib/errors";

async function main([command, ...words]: readonly string[]): Promise<number> {
  if (command !== "bundle") {
    process.stderr.write(usage);
    return command === "--help" || command === "-h" ? 0 : 2;
  }
  const options = await bundleOptions(words, (text) => process.stdout.write(`${text}\n`));
  if (options === undefined) {
    process.stdout.write(usage);
    return 0;
  }
  await makeBundle(options);
  process.stdout.write(
    `${options.output} is complete: source: { bundle: { path: ${JSON.stringify(options.output)} } }\n`,
  );
  return 0;
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
