/** What a server of the business is asked, and asked again. */
import { randomUUID } from 'node:crypto';
import type { BoundedAnswer } from './bounded-fetch.ts';

export interface Question<Answer> {
  readonly event: string;
  /** The same in each attempt: by it a receiver knows a repeat. */
  readonly id: string;
  /** Says which attempt it is: no two requests are equal, so an equal one is somebody's replay. */
  body(): string;
  /** @throws CallFailure for what is no answer */
  read(answer: BoundedAnswer): Answer;
}

/** `write` makes the body of an attempt, counted from 1. */
export function questionOf<Answer>(
  event: string,
  write: (attempt: number) => string,
  read: (answer: BoundedAnswer) => Answer,
): Question<Answer> {
  let attempt = 0;
  return { event, id: `msg_${randomUUID()}`, body: () => write(++attempt), read };
}

/** Asks with an object as it is; a repeat says that it is one, by `attempt` from 2 on. */
export const plainQuestion = <Answer>(
  event: string,
  asked: object,
  read: (answer: BoundedAnswer) => Answer,
): Question<Answer> =>
  questionOf(event, (attempt) => JSON.stringify(attempt === 1 ? asked : { ...asked, attempt }), read);
