// The engine behind this process: where progress lines go, and the reason to end when it is gone.
import { createRequire } from "node:module";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import engineMessages from "@pulumi/pulumi/proto/engine_pb";

export interface LogLine {
  urn: string;
  text: string;
  severity: "info" | "warning";
  ephemeral: boolean;
}

/** The dynamic-provider process gets the engine's address as its last argument; anywhere else there is no engine. */
export function engineAddress(argv: readonly string[] = process.argv): string | undefined {
  const last = argv.at(-1);
  return argv.length > 2 && last && /^[\w.[\]:-]+:\d+$/.test(last) ? last : undefined;
}

/** The SDK's own copy: a second one would refuse the first one's credentials, and strict installers hide it from us. */
function grpc(): typeof import("@grpc/grpc-js") {
  return createRequire(require.resolve("@pulumi/pulumi"))("@grpc/grpc-js");
}

let client: EngineClient | undefined;
function engine(): EngineClient | undefined {
  const address = engineAddress();
  if (!client && address) client = new EngineClient(address, grpc().credentials.createInsecure());
  return client;
}

/** Best effort: a line that cannot be shown is never a reason to fail. */
export function engineLog(line: LogLine): void {
  const request = new engineMessages.LogRequest();
  request.setSeverity(engineMessages.LogSeverity[line.severity === "info" ? "INFO" : "WARNING"]);
  request.setMessage(line.text);
  request.setUrn(line.urn);
  request.setEphemeral(line.ephemeral);
  engine()?.log(request, () => {});
}

const checkEveryMs = 1000;
const answerWithinMs = 3000;

/**
 * Ends this process within 5 s of losing the engine. A killed CLI cannot tell us, and a provider that goes on alone would
 * change hosts behind the back of the next run.
 */
export function watchEngine(lost: () => void): void {
  const watched = engine();
  if (!watched) return;
  const look = (): void => {
    watched.waitForReady(Date.now() + answerWithinMs, (error) => {
      if (error) lost();
      else setTimeout(look, checkEveryMs).unref();
    });
  };
  look();
}
