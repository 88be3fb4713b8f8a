/**
 * The calibration: a server that costs next to nothing. At the first message of a sender it writes ready-made messages
 * to that sender's group, as fast as each connection takes them. What the generator counts here is what it can count.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { contentOf, idMarker, stamped, stampOf } from '../marker.ts';
import { clientFrame, serverFrame } from '../websocket-frame.ts';
import { wires } from '../wires.ts';
import { listen } from './listening.ts';
import { routes } from './routes.ts';

/** Messages in one write. */
const BLOCK = 256;
/** Blocks kept ready for connections that are behind the first. */
const KEPT = 64;
const CONTENT_BYTES = 200;
const UNMASKED = new Uint8Array(4);
const everybody = routes<Socket>();

function blocksOf(sender: number): (block: number) => Buffer {
  const who = { index: 0, user: 'u00000', wire: 'ready-made', group: 0, sender, stuck: false } as const;
  const text = wires['ready-made'].say(
    { ...who, target: 'g0000', kind: 'groups' },
    idMarker(sender),
    contentOf(sender, CONTENT_BYTES),
  );
  const payload = Buffer.from(text);
  const stamp = stampOf(payload, serverFrame(payload), UNMASKED);
  const blocks = new Map<number, Buffer>();
  return (block) => {
    let bytes = blocks.get(block);
    if (bytes === undefined) {
      bytes = stamped(stamp, block * BLOCK, BLOCK);
      blocks.set(block, bytes);
      blocks.delete(block - KEPT);
    }
    return bytes;
  };
}

function pour(stream: Socket, blockAt: (block: number) => Buffer): void {
  let next = 0;
  const more = (): void => {
    while (stream.writable && stream.write(blockAt(next++)));
  };
  stream.on('drain', more);
  more();
}

/** The number of a sender stands in its URL's user name; its group's first sender is the one that counts. */
const server = createServer();
server.on('upgrade', (request, socket) => {
  const stream = socket as Socket;
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  stream.setNoDelay(true);
  stream.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  const own = everybody.join(request.url ?? '/', stream);
  const isStart = clientFrame(Buffer.from('start'));
  stream.on('data', (bytes: Buffer) => {
    if (!bytes.equals(isStart)) return;
    const blockAt = blocksOf(Number(own.to.slice(1)));
    for (const receiver of own.audience()) if (receiver !== stream) pour(receiver, blockAt);
  });
  stream.on('close', () => everybody.leave(own, stream));
  stream.on('error', () => {});
});
listen(server);
