/** A proxy in front of a gateway that spoils what passes: pages, wire messages, pings. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type RawData, WebSocket, WebSocketServer } from 'ws';

export interface Wire {
  readonly text: string;
  readonly binary: boolean;
}

/** What becomes of a wire message; undefined: it passes as it is. */
export type Spoil = (wire: Wire, lane: Lane) => readonly string[] | undefined;

/** One connection through the proxy. */
export interface Lane {
  /** Says something to the client. */
  tell(wire: string): void;
  /** Ends both sides. */
  cut(): void;
}

export interface Spoiled {
  /** From the gateway to its clients, and from them to it. */
  readonly down?: Spoil;
  readonly up?: Spoil;
  /** Pings of clients are answered by nobody. */
  readonly noPongs?: boolean;
  readonly noSubprotocol?: boolean;
  /** Headers of pages. */
  readonly headers?: Readonly<Record<string, string>>;
}

const asItIs: Spoil = () => undefined;

export interface Proxy extends AsyncDisposable {
  readonly url: string;
}

export async function spoil(
  target: { readonly http: string; readonly ws: string },
  how: Spoiled,
): Promise<Proxy> {
  const server = createServer(async (request, response) => {
    const answer = await fetch(`${target.http}${request.url ?? ''}`);
    response.writeHead(answer.status, { 'content-type': 'application/json', ...how.headers });
    response.end(await answer.text());
  });
  const sockets = new WebSocketServer({
    noServer: true,
    autoPong: how.noPongs !== true,
    ...(how.noSubprotocol === true ? { handleProtocols: () => false } : {}),
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { origin, 'sec-websocket-protocol': offered = '' } = request.headers;
    const protocols = offered
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
    const behind = new WebSocket(`${target.ws}${request.url ?? ''}`, protocols, {
      ...(origin && { origin }),
    });
    const waiting: [RawData, boolean][] = [];
    const early = (data: RawData, binary: boolean): void => void waiting.push([data, binary]);
    behind.on('message', early);
    behind.on('error', () => socket.destroy());
    behind.on('unexpected-response', (_request, { statusCode }) => {
      socket.end(`HTTP/1.1 ${statusCode} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    });
    behind.on('open', () =>
      sockets.handleUpgrade(request, socket, head, (client) => {
        behind.off('message', early);
        join(client, behind, how);
        for (const [data, binary] of waiting) behind.emit('message', data, binary);
      }),
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const client of sockets.clients) client.terminate();
      server.close();
      server.closeAllConnections();
    },
  };
}

function join(client: WebSocket, behind: WebSocket, { up = asItIs, down = asItIs }: Spoiled): void {
  const lane: Lane = {
    tell: (wire) => client.send(wire),
    cut: () => {
      client.terminate();
      behind.terminate();
    },
  };
  const carry = (from: WebSocket, to: WebSocket, change: Spoil): void => {
    from.on('message', (data: Buffer, binary: boolean) => {
      const text = data.toString();
      for (const wire of change({ text, binary }, lane) ?? [binary ? data : text]) to.send(wire);
    });
    from.on('error', () => {});
    from.on('close', (code: number, reason: Buffer) => {
      if (code === 1005) to.close();
      else if (code === 1006) to.terminate();
      else to.close(code, reason);
    });
  };
  carry(client, behind, up);
  carry(behind, client, down);
}
