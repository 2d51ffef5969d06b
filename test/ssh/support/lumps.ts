// A network that hands over what a server says in lumps, so that many packets are read at once.
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

const collectMs = 15;

export async function lumpy(port: number): Promise<{ port: number; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    let lump: Buffer[] = [];
    const hand = () => {
      if (lump.length > 0) near.write(Buffer.concat(lump));
      lump = [];
    };
    const timer = setInterval(hand, collectMs);
    far.on("data", (chunk) => lump.push(chunk));
    near.pipe(far);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        clearInterval(timer);
        other.destroy();
        sockets.delete(socket);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
