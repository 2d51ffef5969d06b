import assert from "node:assert/strict";
import { type AddressInfo, createServer } from "node:net";
import { after, before, test } from "node:test";
import type { ServerChannel } from "ssh2";
import type { Host } from "../../provider/host/host";
import { openMachine } from "../../provider/host/open";
import { AuthenticationError, CommandError, UnreachableError } from "../../provider/lib/errors";
import { silent } from "../../provider/lib/progress";
import { closeConnections } from "../../provider/ssh/pool";
import { type HostileServer, type Misbehaviour, startHostile } from "./support/hostile";
import { lumpy } from "./support/lumps";
import { leaveWorld, ownWorld } from "./support/world";

before(ownWorld);
after(leaveWorld);

async function against(
  behaviour: Misbehaviour,
  use: (host: Host, server: HostileServer) => Promise<void>,
  connect = 5,
): Promise<void> {
  const server = await startHostile(behaviour);
  try {
    const options = { name: "w1", connection: server.connection(), timeouts: { connect }, progress: silent };
    await openMachine(options, (host) => use(host, server));
  } finally {
    closeConnections(true);
    await server.stop();
  }
}

const answer = (channel: ServerChannel, text: string, code = 0) => {
  // Unread input would keep the channel from closing.
  channel.resume();
  channel.write(text);
  channel.exit(code);
  channel.end();
};
/** What the provider itself runs to end what it lost sight of. */
const isSettling = (line: string) => line.includes("marked()");

test("a connection that drops while a command runs is not an exit code, and the command is not run again", async () => {
  const behaviour: Misbehaviour = {
    command: (channel, client, line) => {
      if (isSettling(line)) return answer(channel, "");
      if (line.endsWith(" after")) return answer(channel, "back\n");
      channel.write("half of it");
      setTimeout(() => client.end(), 50);
    },
  };
  await against(behaviour, async (host, server) => {
    await assert.rejects(host.run(["init"]), (error: Error) => {
      assert.ok(error instanceof UnreachableError, String(error));
      assert.match(error.message, /w1 \(127\.0\.0\.1\): the connection broke while a command was running/);
      return true;
    });
    assert.equal((await host.run(["after"])).stdout, "back\n");
    const ran = server.commands.map((line) => (isSettling(line) ? "settle" : line.split(" ").at(-1)));
    // What was lost is ended on a new connection before anything else happens.
    assert.deepEqual(ran, ["init", "settle", "after"]);
    assert.equal(server.dials(), 2);
  });
});

test("a read is tried once more on a new connection", async () => {
  let reads = 0;
  const behaviour: Misbehaviour = {
    command: (channel, client, line) => {
      if (isSettling(line)) return answer(channel, "");
      reads += 1;
      if (reads === 1) client.end();
      else answer(channel, "content");
    },
  };
  await against(behaviour, async (host) => assert.equal((await host.readFile("/etc/hostname"))?.toString(), "content"));
});

test("a channel that closes without an exit code is a lost connection", async () => {
  const behaviour: Misbehaviour = {
    command: (channel, _client, line) => (isSettling(line) ? answer(channel, "") : channel.close()),
  };
  await against(behaviour, async (host) => {
    await assert.rejects(
      host.run(["x"]),
      (error: Error) => error instanceof UnreachableError && /without an exit code/.test(error.message),
    );
  });
});

test("a command ended by a signal is told with its signal", async () => {
  const behaviour: Misbehaviour = {
    command: (channel) => {
      channel.exit("SIGKILL");
      channel.end();
    },
  };
  await against(behaviour, async (host) => {
    await assert.rejects(host.run(["x"]), (error: Error) => {
      assert.ok(error instanceof CommandError, String(error));
      assert.equal(error.outcome.signal, "KILL");
      return true;
    });
  });
});

test("characters cut between packets come out whole, on both streams", async () => {
  const text = "☸ü€🚀\n".repeat(200);
  const behaviour: Misbehaviour = {
    command: (channel) => {
      for (const byte of Buffer.from(text)) channel.write(Buffer.from([byte]));
      for (const byte of Buffer.from("☸🚀")) channel.stderr.write(Buffer.from([byte]));
      answer(channel, "");
    },
  };
  await against(behaviour, async (host) => {
    const lines: string[] = [];
    const result = await host.run(["x"], { onLine: (line) => lines.push(line) });
    assert.equal(result.stdout, text);
    assert.equal(`${lines.join("\n")}\n`, text);
    assert.equal(result.stderr, "☸🚀");
  });
});

test("endless errors keep only their end", async () => {
  const behaviour: Misbehaviour = {
    command: (channel) => {
      channel.stderr.write("noise ".repeat(200_000));
      channel.stderr.write("the reason");
      answer(channel, "", 1);
    },
  };
  await against(behaviour, async (host) => {
    await assert.rejects(host.run(["x"]), (error: CommandError) => {
      assert.ok(error.stderr.endsWith("the reason"));
      assert.ok(error.stderr.length <= 64 * 1024);
      return true;
    });
  });
});

test("a host that never ends a command is given up a little after its deadline", async () => {
  const behaviour: Misbehaviour = { command: (channel, _client, line) => isSettling(line) && answer(channel, "") };
  await against(behaviour, async (host) => {
    await assert.rejects(host.run(["x"], { timeoutMs: 100 }), (error: Error) => {
      assert.ok(error instanceof CommandError, String(error));
      assert.equal(error.outcome.timedOut, true);
      return true;
    });
  });
});

test("refused credentials are asked once, not again and again", async () => {
  let attempts = 0;
  const behaviour: Misbehaviour = {
    authenticate: () => {
      attempts += 1;
      return false;
    },
  };
  const refused = against(behaviour, async () => assert.fail("not reached"), 30);
  await assert.rejects(refused, (error: Error) => {
    assert.ok(error instanceof AuthenticationError, String(error));
    assert.match(error.message, /w1 \(127\.0\.0\.1\): the server refused user "root"/);
    assert.ok(!error.message.includes("hostile"));
    return true;
  });
  assert.equal(attempts, 1);
});

test("a server that hangs up on the first dials is dialled again", async () => {
  const behaviour: Misbehaviour = {
    connected: (client, _info, dial) => {
      if (dial < 3) client.end();
    },
    command: (channel) => answer(channel, "fine"),
  };
  await against(behaviour, async (host, server) => {
    assert.equal((await host.run(["x"])).stdout, "fine");
    assert.equal(server.dials(), 3);
  });
});

test("a server that accepts and says nothing is given up at the deadline", async () => {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const connection = { host: "127.0.0.1", port, user: "root", password: "x", perDialTimeout: 1 };
  const options = { name: "w1", connection, timeouts: { connect: 2 }, progress: silent };
  await assert.rejects(
    openMachine(options, async () => {}),
    (error: Error) => {
      assert.ok(error instanceof UnreachableError, String(error));
      assert.match(error.message, /handshake/);
      return true;
    },
  );
  server.close();
});

test("a server with room for few sessions gets few at a time, and every command is run once", async () => {
  const behaviour: Misbehaviour = {
    session: (open) => open < 2,
    command: (channel) => setTimeout(() => answer(channel, "fine"), 20),
  };
  await against(behaviour, async (host, server) => {
    const results = await Promise.all(Array.from({ length: 12 }, (_, index) => host.run(["x", String(index)])));
    assert.ok(results.every((result) => result.stdout === "fine"));
    assert.equal(server.commands.length, 12);
  });
});

test("a slow reader holds back a large input instead of filling memory", async () => {
  const size = 48 * 1024 * 1024;
  let produced = 0;
  let highest = 0;
  let received = 0;
  const { Readable } = await import("node:stream");
  const stdin = Readable.from(
    (function* () {
      const block = Buffer.alloc(256 * 1024);
      while (produced < size) {
        produced += block.length;
        highest = Math.max(highest, produced - received);
        yield block;
      }
    })(),
  );
  const behaviour: Misbehaviour = {
    command: (channel) => {
      channel.on("data", (chunk: Buffer) => {
        received += chunk.length;
        channel.pause();
        setImmediate(() => channel.resume());
      });
      channel.on("end", () => answer(channel, String(received)));
    },
  };
  await against(behaviour, async (host) => assert.equal((await host.run(["x"], { stdin })).stdout, String(size)));
  assert.ok(highest < 16 * 1024 * 1024, `${highest} bytes were in flight`);
});

test("a command that is over in the packet that opened its channel keeps its output and exit code", async () => {
  const behaviour: Misbehaviour = { command: (channel, _client, line) => answer(channel, line.slice(-3), 3) };
  const server = await startHostile(behaviour);
  const network = await lumpy(server.port);
  try {
    const options = { name: "w1", connection: server.connection({ port: network.port }), progress: silent };
    await openMachine(options, async (host) => {
      for (let index = 100; index < 110; index += 1) {
        const result = await host.run(["x", String(index)], { ok: [3] });
        assert.equal(result.stdout, String(index));
      }
    });
  } finally {
    closeConnections(true);
    await network.stop();
    await server.stop();
  }
});
