/**
 * The yardstick: `ws` reads; each message is framed once, unread, and all that a connection is to get in one turn of the
 * event loop leaves in one write. No limits, no checks, no parsing: about what Node can do.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { serverFrame } from '../websocket-frame.ts';
import { webSocketServer } from './listening.ts';
import { routes } from './routes.ts';

interface Output {
  readonly stream: Socket;
  parts: Buffer[];
}

const everybody = routes<Output>();
let dirty: Output[] = [];

function flush(): void {
  const outputs = dirty;
  dirty = [];
  for (const output of outputs) {
    const { parts, stream } = output;
    output.parts = [];
    stream.write(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts));
  }
}

function push(output: Output, framed: Buffer): void {
  if (output.parts.length === 0) {
    if (dirty.length === 0) setImmediate(flush);
    dirty.push(output);
  }
  output.parts.push(framed);
}

webSocketServer().on('connection', (socket: WebSocket, request) => {
  const output: Output = { stream: request.socket, parts: [] };
  const own = everybody.join(request.url ?? '/', output);
  socket.on('message', (message: Buffer) => {
    const framed = serverFrame(message);
    for (const receiver of own.audience()) {
      if (receiver !== output) push(receiver, framed);
    }
  });
  socket.on('close', () => everybody.leave(own, output));
  socket.on('error', () => {});
});
