/** Who waits for the database: what its raw outcomes become for them. */
import { GatewayError } from '../errors.ts';
import { answerSafely } from './answers.ts';
import type { MessageDraft, StoreCallback, StoreOutcome, StoreResult } from './port.ts';
import {
  type RawAnswer,
  type RawAnswers,
  type RawError,
  type RawOutcome,
  receivedOutcome,
  type SentOutcome,
} from './sqlite-protocol.ts';
import { storedAs, storeResult } from './sqlite-results.ts';

/** Somebody who waits for an answer, and what makes it of the database's. */
export interface Asker {
  readonly done: StoreCallback<unknown>;
  readonly finish: (answer: RawAnswer) => unknown;
}

/** Somebody who waits for one message to be stored. */
export interface Sender {
  readonly done: StoreCallback<readonly StoreResult[]>;
  readonly draft: MessageDraft;
}

export function failure(cause: string): RawOutcome {
  return { ok: false, error: { code: 'store_unavailable', detail: undefined, messageId: undefined, cause } };
}

export function tell(asker: Asker | Sender, outcome: SentOutcome): void {
  if ('finish' in asker) answerSafely(asker.done, outcomeOf(receivedOutcome(outcome), asker.finish));
  else answerSafely(asker.done, storedOutcome(outcome, asker.draft));
}

function storedOutcome(outcome: SentOutcome, draft: MessageDraft): StoreOutcome<readonly StoreResult[]> {
  if (typeof outcome === 'number') return { ok: true, value: [storedAs(draft, outcome)] };
  return outcomeOf(outcome, (answer) =>
    (answer as RawAnswers['commit']).map((raw) => storeResult(raw, draft)),
  ) as StoreOutcome<readonly StoreResult[]>;
}

function outcomeOf(outcome: RawOutcome, finish: Asker['finish']): StoreOutcome<unknown> {
  if (!outcome.ok) return { ok: false, error: errorOf(outcome.error) };
  try {
    return { ok: true, value: finish(outcome.value) };
  } catch (error) {
    return { ok: false, error: new GatewayError('store_unavailable', { cause: error }) };
  }
}

function errorOf({ code, detail, messageId, cause }: RawError): GatewayError {
  return new GatewayError(code, {
    ...(detail === undefined ? {} : { detail }),
    ...(messageId === undefined ? {} : { messageId }),
    ...(cause === undefined ? {} : { cause: new Error(cause) }),
  });
}
