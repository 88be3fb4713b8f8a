import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { expect, it, onTestFinished, vi } from 'vitest';
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

type Written = ReturnType<typeof socketOf>;

/** As an upgrade does: the answer is written, and held if `awaits`, or until the end of the turn. */
function upgrade(handshakes: HeldHandshakes, { socket }: Written, awaits = () => false): void {
  socket.cork();
  socket.write('101');
  handshakes.hold(socket, awaits);
}

/** As outboxes do at the end of a turn. */
function say({ socket }: Written, text: string): void {
  socket.write(text);
  socket.uncork();
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('a handshake leaves in one write with what is said in its turn', async () => {
  const handshakes = new HeldHandshakes();
  const [first, second] = [socketOf(), socketOf()];
  upgrade(handshakes, first);
  upgrade(handshakes, second);
  for (const written of [first, second]) setImmediate(() => say(written, ' hello'));
  await once(second.socket, 'noted');
  expect([first.writes, second.writes]).toEqual([['101 hello'], ['101 hello']]);
  second.socket.write(', again');
  expect(second.writes).toEqual(['101 hello', ', again']);
});

it('a handshake to which nothing is to be added leaves after the turn, and those that come after it', async () => {
  const handshakes = new HeldHandshakes();
  for (let round = 0; round < 3; round++) {
    const several = [socketOf(), socketOf(), socketOf()];
    for (const written of several) upgrade(handshakes, written);
    await turn();
    await turn();
    await turn();
    expect(several.map(({ writes }) => writes)).toEqual([['101'], ['101'], ['101']]);
    expect(several.map(({ socket }) => socket.writableCorked)).toEqual([0, 0, 0]);
  }
});

it('a handshake waits for the answer to a login, but not for ever', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const handshakes = new HeldHandshakes();
  const [answered, unanswered] = [socketOf(), socketOf()];
  for (const written of [answered, unanswered]) upgrade(handshakes, written, () => true);
  for (let turns = 0; turns < 5; turns++) await turn();
  vi.advanceTimersByTime(15);
  say(answered, ' welcome');
  expect([answered.writes, unanswered.writes]).toEqual([['101 welcome'], []]);
  vi.advanceTimersByTime(10);
  expect([answered.writes, unanswered.writes]).toEqual([['101 welcome'], ['101']]);
  expect(vi.getTimerCount()).toBe(0);
});

it('a handshake leaves by itself once the login is answered without a word', async () => {
  const handshakes = new HeldHandshakes();
  const written = socketOf();
  let isAnswered = false;
  upgrade(handshakes, written, () => !isAnswered);
  await turn();
  isAnswered = true;
  await once(written.socket, 'noted');
  expect(written.writes).toEqual(['101']);
});

it('a handshake leaves by itself when a login takes long, and so do those that came later', async () => {
  const handshakes = new HeldHandshakes();
  const [early, late] = [socketOf(), socketOf()];
  const [earlyLeft, lateLeft] = [once(early.socket, 'noted'), once(late.socket, 'noted')];
  upgrade(handshakes, early, () => true);
  await turn();
  await turn();
  upgrade(handshakes, late, () => true);
  await Promise.all([earlyLeft, lateLeft]);
  expect([early.writes, late.writes]).toEqual([['101'], ['101']]);
  expect([early.socket.writableCorked, late.socket.writableCorked]).toEqual([0, 0]);
});

it('a refusal that ends the socket leaves at once, and a socket that is gone is forgotten', async () => {
  const handshakes = new HeldHandshakes();
  const [refused, gone, awaiting, other] = [socketOf(), socketOf(), socketOf(), socketOf()];
  refused.socket.cork();
  refused.socket.end('400');
  handshakes.hold(refused.socket, () => false);
  expect(refused.writes).toEqual(['400']);
  upgrade(handshakes, gone);
  gone.socket.destroy();
  upgrade(handshakes, awaiting, () => true);
  upgrade(handshakes, other, () => true);
  await turn();
  await turn();
  awaiting.socket.destroy();
  if (other.writes.length === 0) await once(other.socket, 'noted');
  expect(other.writes).toEqual(['101']);
  expect(gone.writes).toEqual([]);
});
