// The program behind Poller.api: asks the API over a new connection at a fixed beat, whatever the test beside it is doing.
import { get } from "node:https";
import { beatMs, patienceMs } from "./pollReport";

const [host = "", port = "6443"] = process.argv.slice(2);

function ask(): void {
  const start = Date.now();
  let told = false;
  const tell = (outcome: string): void => {
    if (told) return;
    told = true;
    process.stdout.write(`${start} ${Date.now() - start} ${outcome}\n`);
  };
  // Whose certificate it is does not matter to what is measured; who is on the other side is the test's own lab.
  const options = { host, port, path: "/version", agent: false, rejectUnauthorized: false } as const;
  const request = get(options, (response) => {
    response.resume();
    response.on("end", () => tell(response.statusCode === 200 ? "ok" : `status-${response.statusCode}`));
    response.on("error", (error: NodeJS.ErrnoException) => tell(error.code ?? "error"));
  });
  request.on("error", (error: NodeJS.ErrnoException) => tell(error.code ?? "error"));
  setTimeout(() => {
    tell("timeout");
    request.destroy();
  }, patienceMs).unref();
}

setInterval(ask, beatMs);
// Whoever asked for it is gone, or has had enough.
process.stdin.on("end", () => process.exit()).on("error", () => process.exit());
process.stdin.resume();
