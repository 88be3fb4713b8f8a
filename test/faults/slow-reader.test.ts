/** Nobody waits for the slowest [ARCHITECTURE, 5]. */
import { expect, it } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { closeCodeOf, shakeHands } from '../support/raw-tcp.ts';
import { hears, messagesHeard, speakers } from '../support/speakers.ts';
import { connectStomp } from '../support/stomp-wire.ts';

const edit = (yaml: string): string =>
  `${yaml}
limits:
  sendBuffer: 300KiB
  rate: { perSecond: 100000, burst: 100000 }
  admission: { commandsPerUser: { perSecond: 100000, burst: 100000 } }
`;
const BATCH = 20;

it('a client that stops reading is told and closed as a slow consumer; the others miss nothing and wait for nothing', async () => {
  await using gateway = await startGateway({ edit });
  const { hub } = gateway.gateway;
  const alice = await speakers.json.enter(gateway, 'alice');
  const carol = await speakers.json.enter(gateway, 'carol');
  const dave = await connectStomp(gateway, 'dave', ['/topic/group/lobby']);
  const bob = await shakeHands(await gateway.url('/ws/json', 'bob'));
  await bob.next(({ payload }) => payload.includes('auth_success'));
  bob.socket.pause();

  const json = hub.endpoints.find(({ path }) => path === '/ws/json');
  if (json === undefined) throw new Error('no json endpoint');
  const filler = '中'.repeat(9_000);
  let count = 0;
  while (json.metrics.slowConsumers === 0) {
    // The kernel's buffers of both sides have to fill first; they are bounded too.
    expect(count).toBeLessThan(2_000);
    for (const end = count + BATCH; count < end; count++) {
      speakers.json.say(alice, { user: 'alice', id: `m${count}`, content: `${count} ${filler}` });
    }
    // Each batch reaches the others before the next one goes out.
    const last = `${count - 1} ${filler}`;
    await Promise.all([hears(speakers.json, carol, last), hears(speakers.stomp, dave, last)]);
  }
  expect(hub.directory.find('main', 'alice')?.connections.size).toBe(1);

  bob.socket.resume();
  const close = await bob.next(({ opcode }) => opcode === 8);
  expect(closeCodeOf(close)).toBe(4008);
  const error = bob.frames.at(-2)?.payload.toString() ?? '';
  expect(JSON.parse(error)).toEqual({ type: 'error', data: { message: '连接接收过慢' } });
  bob.socket.destroy();

  speakers.json.say(alice, { user: 'alice', id: 'last', content: 'last' });
  await Promise.all([hears(speakers.json, carol, 'last'), hears(speakers.stomp, dave, 'last')]);
  const numbers = [...Array.from({ length: count }, (_, index) => String(index)), 'last'];
  for (const [speaker, client] of [
    [speakers.json, carol],
    [speakers.stomp, dave],
  ] as const) {
    expect(messagesHeard(speaker, client).map(({ content }) => content.split(' ')[0])).toEqual(numbers);
  }
  expect([...json.metrics.closes]).toEqual([['slow_consumer', 1]]);
});
