/** The envelope of everything that a hook is asked or told: `{type, timestamp, attempt, data}`. */
import type { HookEvent } from '../../schemas/config.ts';
import type { BoundedAnswer } from '../outbound/bounded-fetch.ts';
import { type Question, questionOf } from '../outbound/question.ts';

/** `data` is JSON text; `at` is when it happened, epoch ms. */
export function enveloped<Answer>(
  event: HookEvent,
  data: string,
  at: number,
  read: (answer: BoundedAnswer) => Answer,
): Question<Answer> {
  const head = `{"type":"${event}","timestamp":"${new Date(at).toISOString()}","attempt":`;
  return questionOf(event, (attempt) => `${head}${attempt},"data":${data}}`, read);
}
