/** The envelope of everything that a hook is asked or told: `{type, timestamp, attempt, data}`. */
import { randomUUID } from 'node:crypto';
import type { HookEvent } from '../../schemas/config.ts';
import type { BoundedAnswer } from '../auth/bounded-fetch.ts';
import type { Question } from './caller.ts';

/** `data` is JSON text; `at` is when it happened, epoch ms. */
export function questionOf<Answer>(
  event: HookEvent,
  data: string,
  at: number,
  read: (answer: BoundedAnswer) => Answer,
): Question<Answer> {
  const head = `{"type":"${event}","timestamp":"${new Date(at).toISOString()}","attempt":`;
  let attempt = 0;
  return {
    event,
    id: `msg_${randomUUID()}`,
    body: () => `${head}${++attempt},"data":${data}}`,
    read,
  };
}
