import { expect, it } from 'vitest';
import type { Event } from '../../schemas/event.ts';
import { Integers } from '../integers.ts';
import { MemoryIdentityMap } from '../store/memory-identity.ts';
import { Numbers } from './numbers.ts';

it('whoever the server speaks of has a number for good, also who is a guest besides and was lent one', async () => {
  const identities = new Integers({
    durable: new MemoryIdentityMap(),
    limits: () => ({ keep: 1000, entries: 10 }),
    mayShow: () => true,
    now: () => 0,
    startedAt: 0,
  });
  const endpoint = { namespace: 'main', config: { identity: 'integer' } };
  const numbers = new Numbers({ endpoints: [endpoint], identities } as never, endpoint as never);
  const lent = identities.lend('main', 'mallory');
  const user = { namespace: 'main', id: 'mallory', name: 'Mallory' };
  const event: Event = { type: 'presence_changed', namespace: 'main', user, online: true, at: 0 };
  await numbers.prepare(event);
  expect([identities.integerOf('main', 'mallory'), identities.isDurable('main', 'mallory')]).toEqual([
    lent,
    true,
  ]);
  expect(numbers.prepare(event)).toBeUndefined();
});
