/**
 * Requests to an upstream server, one at a time: a refusal names no request, so only the one under way can be
 * meant. The others wait in line.
 */
import type { Effect, Outcome } from '../../core/dialect.ts';
import { GatewayError } from '../../core/errors.ts';
import { send } from '../../core/session-kit.ts';
import type { Event } from '../../schemas/event.ts';
import type { ChatFrame, JoinFrame, LeaveFrame, RoomFrame } from './wire.ts';

type ClientEffect = Effect<RoomFrame, Event>;

export interface Question {
  /** Of the command; undefined if nobody waits for the outcome. */
  readonly ref: number | undefined;
  readonly frame: JoinFrame | LeaveFrame | ChatFrame;
  /** A subscription is a join here, and is answered as what it was asked as. */
  readonly subscription: boolean;
}

/** Most requests that wait; more are refused as if the upstream server could not be reached. */
const MAX_WAITING = 1_000;

const ANSWER = 'answer';

export class Questions {
  readonly #answerTimeoutMs: number;
  readonly #waiting: Question[] = [];
  #current: Question | undefined;

  constructor(answerTimeoutMs: number) {
    this.#answerTimeoutMs = answerTimeoutMs;
  }

  /** The request whose answer is awaited. */
  get current(): Question | undefined {
    return this.#current;
  }

  ask(question: Question): ClientEffect[] {
    if (this.#current === undefined) return this.#start(question);
    if (this.#waiting.length >= MAX_WAITING) {
      const error = new GatewayError('upstream_unavailable', { detail: 'too many requests wait in line' });
      return settled(question.ref, { ok: false, error });
    }
    this.#waiting.push(question);
    return [];
  }

  /** Settles the request under way and sends the next. */
  finish(outcome: Outcome): ClientEffect[] {
    const finished = this.#current;
    if (finished === undefined) return [];
    this.#current = undefined;
    const next = this.#waiting.shift();
    return [
      ...settled(finished.ref, outcome),
      ...(next === undefined
        ? [{ kind: 'timer', name: ANSWER, afterMs: null } as const]
        : this.#start(next, next.ref)),
    ];
  }

  /** The server has not answered in time; a dialect without acks may never have meant to. */
  expire(timer: string): ClientEffect[] {
    return timer === ANSWER
      ? this.finish({ ok: false, error: new GatewayError('upstream_unavailable') })
      : [];
  }

  /** `held`: the ref of a request that had to wait until now. */
  #start(question: Question, held?: number): ClientEffect[] {
    this.#current = question;
    const sent: ClientEffect = send(question.frame);
    const timer: ClientEffect = { kind: 'timer', name: ANSWER, afterMs: this.#answerTimeoutMs };
    return [held === undefined ? sent : { kind: 'send', frame: question.frame, ref: held }, timer];
  }
}

/** Tells core how a command ended, if it asked. */
export function settled(ref: number | undefined, outcome: Outcome): ClientEffect[] {
  return ref === undefined ? [] : [{ kind: 'settled', ref, outcome }];
}
