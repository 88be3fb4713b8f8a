import { pino } from 'pino';
import { expect, it } from 'vitest';
import { conversationKey } from '../schemas/conversation.ts';
import type { Message } from '../schemas/model.ts';
import { Confirmation } from './confirmation.ts';
import type { ConnectedUser } from './endpoint.ts';
import type { Waits } from './store/port.ts';

it('waits for what the client has confirmed in words to be noted, and for a pong with nobody', () => {
  const noted: [sequence: number, waits: Waits][] = [];
  let takesCommands = true;
  const user = { user: { namespace: 'main', id: 'bob' } } as ConnectedUser;
  const confirmation = new Confirmation(
    {
      user,
      log: pino({ level: 'silent' }),
      get takesCommands() {
        return takesCommands;
      },
      isMissable: () => true,
      askSoon: () => {},
    },
    {
      confirm: (ranges, done, waits) => {
        for (const { to } of ranges) noted.push([to, waits]);
        done({ ok: true, value: undefined });
      },
    },
  );
  const from = { namespace: 'main', id: 'alice', name: 'Alice' };
  const to = { type: 'group', id: 'lobby' } as const;
  const deliver = (sequence: number, kind: 'live' | 'acknowledged'): void => {
    const message = { namespace: 'main', from, to, sequence } as Message;
    confirmation.delivered({ type: 'message', namespace: 'main', origin: undefined, message }, kind);
  };
  deliver(1, 'acknowledged');
  deliver(2, 'live');
  confirmation.tracker.ask();
  confirmation.ponged();
  let told = 0;
  expect(confirmation.acknowledge(conversationKey(to, from.id), 1, true, () => told++)).toBe(true);
  takesCommands = false;
  deliver(3, 'acknowledged');
  expect(confirmation.acknowledge(conversationKey(to, from.id), 3, true, () => told++)).toBe(true);
  expect(noted).toEqual([
    [2, 'nothing'],
    [1, 'answer'],
    [3, 'client'],
  ]);
  expect(told).toBe(2);
});
