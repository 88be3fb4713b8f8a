/** A network between a client and the gateway that can be cut without either side hearing of it. */
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Door } from './gateway-process.ts';

export interface Network extends Door {
  /** From now on nothing passes and nothing is closed: both ends are half-open. */
  cut(): void;
}

/** A way in to the gateway; it ends with the test. */
export async function networkTo(door: Door): Promise<Network> {
  const { hostname, port } = new URL(door.ws);
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (data: Buffer) => {
        if (!isCut) to.write(data);
      });
      from.on('close', () => {
        sockets.delete(from);
        if (!isCut) to.destroy();
      });
      from.on('error', () => {});
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address() as { readonly port: number };
  return {
    ws: `ws://127.0.0.1:${address.port}`,
    token: door.token,
    cut: () => {
      isCut = true;
    },
  };
}
