import { expect, it } from 'vitest';
import type { Event } from '../schemas/event.ts';
import type { Connection } from './connection.ts';
import { Destinations, type QueueLimits } from './destinations.ts';
import type { MessageStore, QueueEntry } from './store/port.ts';

const LIMITS: QueueLimits = { prefetch: 10, ready: 10, returned: 2 };
const log = { warn: () => {} } as never;

/** A queue of entries that nobody acknowledges. */
function brokerWith(ids: readonly string[], limits: QueueLimits) {
  const entries = ids.map((id) => ({ id, namespace: 'main', queue: 'q', name: 'n', headers: {}, body: 'b' }));
  const queued: MessageStore['queued'] = (_query, done) =>
    done({ ok: true, value: entries as unknown as readonly QueueEntry[] });
  return new Destinations({ queued } as never as MessageStore, limits, log);
}

/** Which entries a new consumer gets, by whether they are marked as delivered before; then it goes. */
async function consume(broker: Destinations, count: number): Promise<readonly string[]> {
  const got: string[] = [];
  const all = Promise.withResolvers<void>();
  const consumer = {
    namespace: 'main',
    isEnding: false,
    deliveries: {
      offer: (event: Event) => {
        if (event.type !== 'relayed') return;
        got.push(`${event.id}${event.redelivered === true ? ' again' : ''}`);
        if (got.length === count) all.resolve();
      },
    },
  } as never as Connection;
  broker.subscribe(consumer, 'queue', 'q');
  await all.promise;
  broker.unsubscribe(consumer, 'queue', 'q');
  return got;
}

it('what was delivered before is marked when it comes again', async () => {
  const broker = brokerWith(['1', '2'], LIMITS);
  expect(await consume(broker, 2)).toEqual(['1', '2']);
  expect(broker.counts()).toMatchObject({ returned: 2, forgotten: 0 });
  expect(await consume(broker, 2)).toEqual(['1 again', '2 again']);
});

it('limits.queue.returned: beyond it the oldest comes again without the mark, and is counted', async () => {
  const broker = brokerWith(['1', '2', '3'], LIMITS);
  expect(await consume(broker, 3)).toEqual(['1', '2', '3']);
  expect(broker.counts()).toMatchObject({ returned: 2, forgotten: 1 });
  expect(await consume(broker, 3)).toEqual(['1', '2 again', '3 again']);
  broker.limits = { ...LIMITS, returned: 0 };
  expect(await consume(broker, 3)).toEqual(['1', '2 again', '3 again']);
  expect(broker.counts()).toMatchObject({ returned: 0, forgotten: 5 });
});
