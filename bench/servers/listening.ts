/** How every server of the bench begins: an ephemeral port of loopback, told on standard output. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

export function listen(server: Server): void {
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
    console.log(JSON.stringify({ port: (server.address() as AddressInfo).port }));
  });
  process.on('SIGTERM', () => process.exit(0));
}

/** As Dragoman's own: no compression, frames of at most 256 KiB. */
export function webSocketServer(): WebSocketServer {
  const server = createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: false, maxPayload: 262_144 });
  listen(server);
  return sockets;
}
