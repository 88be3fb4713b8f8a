import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import { HeldHandshakes } from './held-handshakes.ts';

/** A socket, and what was written to it, each write in one string. */
function socketOf() {
  const writes: string[] = [];
  const note = (text: string, done: () => void): void => {
    writes.push(text);
    socket.emit('noted');
    done();
  };
  const socket = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => note(chunk.toString(), done),
    writev: (chunks, done) => note(chunks.map(({ chunk }) => String(chunk)).join(''), done),
  });
  return { socket, writes };
}

it('a handshake leaves in one write with what is said in its turn', async () => {
  const handshakes = new HeldHandshakes();
  const { socket, writes } = socketOf();
  handshakes.hold(socket);
  socket.write('101 ');
  // As outboxes do at the end of the turn.
  setImmediate(() => {
    socket.write('hello');
    socket.uncork();
  });
  await once(socket, 'noted');
  expect(writes).toEqual(['101 hello']);
  socket.write(', again');
  expect(writes).toEqual(['101 hello', ', again']);
});

it('a handshake to which nothing is added leaves all the same, and those that come after it', async () => {
  const handshakes = new HeldHandshakes();
  for (let round = 0; round < 3; round++) {
    const several = [socketOf(), socketOf(), socketOf()];
    const left = several.map(({ socket }) => once(socket, 'noted'));
    for (const { socket } of several) {
      handshakes.hold(socket);
      socket.write('101');
    }
    await Promise.all(left);
    expect(several.map(({ writes }) => writes)).toEqual([['101'], ['101'], ['101']]);
    expect(several.map(({ socket }) => socket.writableCorked)).toEqual([0, 0, 0]);
  }
});

it('a refusal that ends the socket leaves at once, and a socket that is gone is forgotten', async () => {
  const handshakes = new HeldHandshakes();
  const [refused, gone, other] = [socketOf(), socketOf(), socketOf()];
  for (const { socket } of [refused, gone, other]) handshakes.hold(socket);
  refused.socket.end('400');
  expect(refused.writes).toEqual(['400']);
  gone.socket.write('101');
  gone.socket.destroy();
  const left = once(other.socket, 'noted');
  other.socket.write('101');
  await left;
  expect(gone.writes).toEqual([]);
});
