/** What the vectors of the client face share. */
import type { Effect, Outcome } from '../../../core/dialect.ts';
import { type ErrorCode, GatewayError } from '../../../core/errors.ts';
import type { CommandOf } from '../../../schemas/command.ts';
import type { User } from '../../../schemas/model.ts';
import { NOW, namespace, READY, SENT_AT, SILENCE, send } from './samples.ts';

export const face = 'client';
export const at = SENT_AT;
export const timestamp = SENT_AT;

export const timer = (name: string, afterMs: number | null) => ({ kind: 'timer', name, afterMs }) as const;
export const settled = (ref: number, outcome: Outcome): Effect<never, never> => ({
  kind: 'settled',
  ref,
  outcome,
});
export const failure = (code: ErrorCode, detail?: string): Outcome => ({
  ok: false,
  error: new GatewayError(code, detail === undefined ? { fatal: null } : { fatal: null, detail }),
});
export const UNSUPPORTED: Outcome = { ok: false, error: new GatewayError('unsupported') };
export const wire = (frame: unknown) => ({ wire: JSON.stringify(frame) });
export const sent = (frame: { readonly wire: string }) => send(JSON.parse(frame.wire));

export const CONNECTED = wire({
  event: 'socket:connected',
  data: { socket_id: 's1', heart: { interval: 30, timeout: 25 } },
});
export const GREETED = [
  [{ open: true }, [SILENCE]],
  [CONNECTED, [READY, timer('ping', 30_000)]],
] as const;

export const YES = wire({ event: 'socket:subscribed' });
export const NO = (error: string) => wire({ event: 'socket:subscribe.error', data: { error } });

export const SEND: CommandOf<'send_message'> = {
  type: 'send_message',
  target: { type: 'group', id: 'lobby' },
  content: 'hi',
  contentType: 'text',
  clientId: 'm1',
};
export const message = (data: unknown, channel = 'group:lobby') => send({ event: 'message', channel, data });

/** How we know ourselves where nothing on the wire says it: by the connection. */
export const NOBODY: User = { namespace, id: 'c-1', name: 'c-1' };
export const STORED = {
  id: 'm1',
  clientId: 'm1',
  namespace,
  sequence: 1,
  from: NOBODY,
  to: { type: 'group', id: 'lobby' },
  content: 'hi',
  contentType: 'text',
  sentAt: NOW,
} as const;
