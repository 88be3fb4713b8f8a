/** The stomp endpoint as a general broker: topics, queues and who may use them [DIALECTS, stomp, destinations]. */
import { describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { metricsOf } from '../support/metrics.ts';
import type { RawClient } from '../support/raw-client.ts';
import {
  connectStomp,
  framesOf,
  nextCommand,
  nextStomp,
  type StompWire,
  stomp,
} from '../support/stomp-wire.ts';

const DESTINATIONS = `
    limits: { frame: 2MiB, sendBuffer: 8MiB, inbox: { bytes: 4MiB } }
    options:
      destinations:
        - { pattern: /topic/alerts, kind: topic, send: nobody }
        - { pattern: /topic/team, kind: topic, users: [alice, bob] }
        - { pattern: '/topic/{name}', kind: topic }
        - { pattern: '/queue/{name}', kind: queue }
`;

const withDestinations = (yaml: string): string =>
  yaml.replace('    sockjs: true\n', `    sockjs: true${DESTINATIONS}`);
const broker = (): Promise<TestGateway> => startGateway({ edit: withDestinations });

const ERRORS = '/user/queue/errors';

async function sends(client: RawClient, destination: string, body: string, headers = {}): Promise<void> {
  client.send(stomp('SEND', { destination, receipt: body, ...headers }, body));
  await nextCommand(client, 'RECEIPT', body);
}

/** Subscribed to a queue; the RECEIPT may come after the first entries. */
async function consumes(client: RawClient, destination: string, ack: string): Promise<void> {
  client.send(stomp('SUBSCRIBE', { id: 'q', destination, ack, receipt: 'consuming' }));
  if (!client.received.some((wire) => wire.includes('receipt-id:consuming'))) {
    await nextCommand(client, 'RECEIPT', 'consuming');
  }
}

const entry = (client: RawClient, body: string): Promise<StompWire> =>
  nextStomp(client, (frame) => frame.command === 'MESSAGE' && frame.body === body);

const bodies = (client: RawClient): readonly string[] => framesOf(client, 'MESSAGE').map(({ body }) => body);

describe('a topic', () => {
  it('gives each subscription a copy, the sender included, with all headers', async () => {
    await using gateway = await broker();
    const alice = await connectStomp(gateway, 'alice', ['/topic/prices', '/topic/prices']);
    const bob = await connectStomp(gateway, 'bob', ['/topic/prices']);
    const headers = { 'content-type': 'text/csv', 'x-note': 'a\\cb\\nc\\\\d', priority: '7' };
    await sends(alice, '/topic/prices', 'EUR,1', headers);
    const { headers: heard } = await entry(bob, 'EUR,1');
    expect(heard).toMatchObject({ ...headers, destination: '/topic/prices', subscription: 'sub-0' });
    expect(heard).not.toHaveProperty('receipt');
    await sends(alice, '/topic/prices', 'EUR,2');
    await entry(bob, 'EUR,2');
    const own = framesOf(alice, 'MESSAGE').filter(({ body }) => body === 'EUR,1');
    expect(own.map((frame) => frame.headers.subscription).sort()).toEqual(['sub-0', 'sub-1']);
    expect(new Set(own.map((frame) => frame.headers['message-id'])).size).toBe(2);
  });

  it('keeps nothing for who comes later', async () => {
    await using gateway = await broker();
    const alice = await connectStomp(gateway, 'alice');
    await sends(alice, '/topic/prices', 'early');
    const bob = await connectStomp(gateway, 'bob', ['/topic/prices']);
    await sends(alice, '/topic/prices', 'late');
    await entry(bob, 'late');
    expect(bodies(bob)).toEqual(['late']);
  });

  it('passes bytes that are no UTF-8 on as a binary message, and 1 MB whole', async () => {
    await using gateway = await broker();
    const bob = await connectStomp(gateway, 'bob', ['/topic/files']);
    const alice = await connectStomp(gateway, 'alice');
    const head = 'SEND\ndestination:/topic/files\ncontent-length:4\n\n';
    alice.send(Buffer.concat([Buffer.from(head), Buffer.from([0xff, 0x00, 0xfe, 0x80, 0x00])]));
    const binary = await bob.next((wire) => wire.startsWith('binary:MESSAGE'));
    expect(binary.slice(binary.indexOf('\n\n') + 2)).toBe('\u00ff\u0000\u00fe\u0080\u0000');
    const large = 'x'.repeat(1_000_000);
    alice.send(stomp('SEND', { destination: '/topic/files' }, large));
    expect((await nextCommand(bob, 'MESSAGE')).body).toBe(large);
  });

  it.each([
    ['to SEND', 'where nobody may', stomp('SEND', { destination: '/topic/alerts' }, 'x')],
    ['to SEND', 'where the user is not named', stomp('SEND', { destination: '/topic/team' }, 'x')],
    ['to SEND', 'straight to a group', stomp('SEND', { destination: '/topic/group/lobby' }, 'x')],
    ['to SEND', "to somebody's queue", stomp('SEND', { destination: '/user/bob/queue/messages' }, 'x')],
    [
      'to SUBSCRIBE',
      'where the user is not named',
      stomp('SUBSCRIBE', { id: 's', destination: '/topic/team' }),
    ],
    ['to SUBSCRIBE', 'by wildcard', stomp('SUBSCRIBE', { id: 's', destination: '/topic/*' })],
    [
      'to SUBSCRIBE',
      "to somebody's queue",
      stomp('SUBSCRIBE', { id: 's', destination: '/user/bob/queue/messages' }),
    ],
  ])('refuses %s %s', async (_what, _where, frame) => {
    await using gateway = await broker();
    const carol = await connectStomp(gateway, 'carol', [ERRORS, '/topic/open']);
    carol.send(frame);
    const { body, headers } = await nextCommand(carol, 'MESSAGE');
    expect(headers.destination).toBe(ERRORS);
    expect(JSON.parse(body)).toMatchObject({ code: 'forbidden' });
    await sends(carol, '/topic/open', 'still here');
  });

  it('does not exist where no option opens it', async () => {
    await using gateway = await startGateway();
    const alice = await connectStomp(gateway, 'alice', [ERRORS]);
    alice.send(stomp('SEND', { destination: '/topic/prices' }, 'x'));
    expect(JSON.parse((await nextCommand(alice, 'MESSAGE')).body)).toMatchObject({ code: 'forbidden' });
  });
});

describe('a queue', () => {
  it('more than `limits.queue.names` is refused in the words of the dialect, and counted', async () => {
    const names = '\nlimits: { queue: { names: 2 } }\n';
    await using gateway = await startGateway({ edit: (yaml) => withDestinations(yaml) + names });
    const alice = await connectStomp(gateway, 'alice', [ERRORS]);
    await sends(alice, '/queue/one', 'first');
    await sends(alice, '/queue/two', 'second');
    alice.send(stomp('SEND', { destination: '/queue/three' }, 'third'));
    const { headers, body } = await nextStomp(
      alice,
      (frame) => frame.command === 'MESSAGE' && frame.headers.destination === ERRORS,
    );
    expect(JSON.stringify({ headers, body })).toContain('recipient_queue_full');
    const { value } = await metricsOf(gateway);
    expect(value('dragoman_errors_total', { code: 'recipient_queue_full' })).toBe(1);
    // A queue that has been emptied makes room for another.
    const bob = await connectStomp(gateway, 'bob');
    await consumes(bob, '/queue/one', 'client-individual');
    const { headers: delivered } = await entry(bob, 'first');
    bob.send(stomp('ACK', { id: delivered.ack ?? '', receipt: 'taken' }));
    await nextCommand(bob, 'RECEIPT', 'taken');
    await sends(alice, '/queue/three', 'third');
  });

  it('keeps entries while nobody consumes them, and gives them in order', async () => {
    await using gateway = await broker();
    const alice = await connectStomp(gateway, 'alice');
    for (const body of ['one', 'two', 'three']) await sends(alice, '/queue/work', body);
    const bob = await connectStomp(gateway, 'bob');
    await consumes(bob, '/queue/work', 'auto');
    if (!bodies(bob).includes('three')) await entry(bob, 'three');
    expect(bodies(bob)).toEqual(['one', 'two', 'three']);
  });

  it('gives each entry to one of its consumers', async () => {
    await using gateway = await broker();
    const bob = await connectStomp(gateway, 'bob');
    const carol = await connectStomp(gateway, 'carol');
    await consumes(bob, '/queue/work', 'auto');
    await consumes(carol, '/queue/work', 'auto');
    const alice = await connectStomp(gateway, 'alice');
    const work = ['1', '2', '3', '4', '5', '6'];
    for (const body of work) await sends(alice, '/queue/work', body);
    while (bodies(bob).length < 3) await nextCommand(bob, 'MESSAGE');
    while (bodies(carol).length < 3) await nextCommand(carol, 'MESSAGE');
    expect([...bodies(bob), ...bodies(carol)].sort()).toEqual(work);
  });

  it('gives what a consumer leaves unacknowledged to the next one, marked; what is acknowledged is gone', async () => {
    await using gateway = await broker();
    const alice = await connectStomp(gateway, 'alice');
    const bob = await connectStomp(gateway, 'bob');
    await consumes(bob, '/queue/work', 'client-individual');
    for (const body of ['one', 'two', 'three']) await sends(alice, '/queue/work', body);
    await entry(bob, 'one');
    const { headers } = await entry(bob, 'two');
    await entry(bob, 'three');
    bob.send(stomp('ACK', { id: headers.ack ?? '', receipt: 'done' }));
    await nextCommand(bob, 'RECEIPT', 'done');
    const carol = await connectStomp(gateway, 'carol');
    await consumes(carol, '/queue/work', 'client-individual');
    bob.terminate();
    expect((await entry(carol, 'one')).headers).toMatchObject({ redelivered: 'true' });
    expect((await entry(carol, 'three')).headers).toMatchObject({ redelivered: 'true' });
    expect(bodies(carol)).toEqual(['one', 'three']);
  });

  it('keeps what was unacknowledged when its last consumer went', async () => {
    await using gateway = await broker();
    const alice = await connectStomp(gateway, 'alice');
    const bob = await connectStomp(gateway, 'bob');
    await consumes(bob, '/queue/work', 'client-individual');
    await sends(alice, '/queue/work', 'one');
    await entry(bob, 'one');
    bob.terminate();
    const carol = await connectStomp(gateway, 'carol');
    await consumes(carol, '/queue/work', 'client-individual');
    if (!bodies(carol).includes('one')) await entry(carol, 'one');
    expect(bodies(carol)).toEqual(['one']);
  });

  it('gives an entry that is refused with NACK to somebody else', async () => {
    await using gateway = await broker();
    const alice = await connectStomp(gateway, 'alice');
    const bob = await connectStomp(gateway, 'bob');
    await consumes(bob, '/queue/work', 'client-individual');
    await sends(alice, '/queue/work', 'not for me');
    const { headers } = await entry(bob, 'not for me');
    const carol = await connectStomp(gateway, 'carol');
    await consumes(carol, '/queue/work', 'client-individual');
    bob.send(stomp('NACK', { id: headers.ack ?? '', receipt: 'refused' }));
    await nextCommand(bob, 'RECEIPT', 'refused');
    expect((await entry(carol, 'not for me')).headers).toMatchObject({ redelivered: 'true' });
  });

  it('is acknowledged cumulatively where the subscription says client', async () => {
    await using gateway = await broker();
    const alice = await connectStomp(gateway, 'alice');
    const bob = await connectStomp(gateway, 'bob');
    await consumes(bob, '/queue/work', 'client');
    for (const body of ['one', 'two', 'three']) await sends(alice, '/queue/work', body);
    const { headers } = await entry(bob, 'two');
    await entry(bob, 'three');
    bob.send(stomp('ACK', { id: headers.ack ?? '', receipt: 'both' }));
    await nextCommand(bob, 'RECEIPT', 'both');
    bob.terminate();
    const carol = await connectStomp(gateway, 'carol');
    await consumes(carol, '/queue/work', 'auto');
    if (!bodies(carol).includes('three')) await entry(carol, 'three');
    expect(bodies(carol)).toEqual(['three']);
  });
});
