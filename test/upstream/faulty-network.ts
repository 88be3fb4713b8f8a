/** A network between a bridge and its server that does as the test says: cut, refuse, hold, let through. */
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished, vi } from 'vitest';

/** Which way bytes go: to the server, or from it. */
export type Direction = 'up' | 'down';

/** After so many bytes in one direction, the connection is cut, in the middle of a frame perhaps. */
export interface CutPoint {
  readonly direction: Direction;
  readonly bytes: number;
}

export interface FaultyNetwork {
  /** `ws://127.0.0.1:<port>` */
  readonly ws: string;
  /** Sockets that were accepted so far. */
  readonly accepted: number;
  /** Of those, how many are open. */
  readonly open: number;
  /** Bytes passed on so far, and bytes that wait here because the other side takes none. */
  readonly passed: Readonly<Record<Direction, number>>;
  readonly waiting: number;
  /** The next connections are cut, each at its point; later ones are not. */
  plan(points: readonly CutPoint[]): void;
  /** Ends all connections there are; new ones get through. */
  cut(): void;
  /** From now on new connections are ended at once; `allow` lets them through again. */
  refuse(): void;
  allow(): void;
  /** Nothing passes and nothing is closed any more: all connections there are become half-open. New ones work. */
  hold(): void;
  /** The next connection is half-open from its beginning. */
  holdNext(): void;
  /** Nothing is read from the connections' beginnings any more, so that their writers feel it; `flow` reads on. */
  stall(): void;
  flow(): void;
  /** What was held goes on, in order. */
  release(): void;
  /** From now on new connections go to this server. */
  lead(server: { readonly ws: string }): void;
  /** Resolves once so many have been accepted. */
  whenAccepted(count: number): Promise<unknown>;
}

interface Link {
  readonly sockets: readonly [client: Socket, server: Socket];
  readonly held: (() => void)[];
  holding: boolean;
}

/** A way to the server; it ends with the test. */
export async function faultyNetworkTo(server: { readonly ws: string }): Promise<FaultyNetwork> {
  let target = new URL(server.ws);
  const links = new Set<Link>();
  const passed = { up: 0, down: 0 };
  let points: readonly CutPoint[] = [];
  let accepted = 0;
  let refusing = false;
  let holdingNext = false;

  const destroy = (link: Link): void => {
    link.holding = false;
    link.held.length = 0;
    for (const socket of link.sockets) socket.destroy();
    links.delete(link);
  };

  const carry = (link: Link, direction: Direction, point: CutPoint | undefined): void => {
    const [from, to] = direction === 'up' ? link.sockets : ([...link.sockets].reverse() as [Socket, Socket]);
    let left = point?.direction === direction ? point.bytes : Number.POSITIVE_INFINITY;
    const write = (data: Buffer): void => {
      const part = data.subarray(0, Math.min(left, data.length));
      left -= part.length;
      passed[direction] += part.length;
      if (left <= 0) {
        to.write(part, () => destroy(link));
        return;
      }
      if (to.write(part)) return;
      from.pause();
      to.once('drain', () => from.resume());
    };
    from.on('data', (data: Buffer) => {
      if (link.holding) link.held.push(() => write(data));
      else write(data);
    });
    from.on('end', () => {
      if (link.holding) link.held.push(() => to.end());
      else to.end();
    });
    from.on('close', () => {
      const end = (): void => destroy(link);
      if (link.holding) link.held.push(end);
      else end();
    });
    from.on('error', () => {});
  };

  const listener = createServer({ allowHalfOpen: true }, (client) => {
    accepted++;
    client.on('error', () => {});
    if (refusing) {
      client.destroy();
      return;
    }
    const sockets = [client, connect(Number(target.port), target.hostname)] as const;
    const link: Link = { sockets, held: [], holding: holdingNext };
    holdingNext = false;
    links.add(link);
    const [point, ...others] = points;
    points = others;
    carry(link, 'up', point);
    carry(link, 'down', point);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const link of links) destroy(link);
    listener.close();
  });
  const address = listener.address() as { readonly port: number };
  return {
    ws: `ws://127.0.0.1:${address.port}`,
    get accepted() {
      return accepted;
    },
    get open() {
      return links.size;
    },
    passed,
    get waiting() {
      let bytes = 0;
      for (const { sockets } of links) for (const socket of sockets) bytes += socket.writableLength;
      return bytes;
    },
    plan: (planned) => {
      points = planned;
    },
    cut: () => {
      for (const link of links) destroy(link);
    },
    refuse: () => {
      refusing = true;
    },
    allow: () => {
      refusing = false;
    },
    hold: () => {
      for (const link of links) link.holding = true;
    },
    holdNext: () => {
      holdingNext = true;
    },
    stall: () => {
      for (const { sockets } of links) sockets[0].pause();
    },
    flow: () => {
      for (const { sockets } of links) sockets[0].resume();
    },
    release: () => {
      for (const link of links) {
        link.holding = false;
        for (const goOn of link.held.splice(0)) goOn();
      }
    },
    lead: ({ ws }) => {
      target = new URL(ws);
    },
    whenAccepted: (count) => vi.waitUntil(() => accepted >= count, { timeout: 15_000, interval: 1 }),
  };
}
