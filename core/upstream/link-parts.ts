/** What a link is made of: the client's side, as the link knows it, and what it uses. */
import type { Logger } from 'pino';
import type { Event, EventOf } from '../../schemas/event.ts';
import type { User } from '../../schemas/model.ts';
import type { DeliveryPolicy, WireMessage } from '../dialect.ts';
import type { GatewayError } from '../errors.ts';
import type { TimerWheel } from '../timer-wheel.ts';
import type { Applicant } from './login.ts';
import type { Upstream } from './upstream.ts';
import type { Received } from './upstream-listener.ts';

export interface LinkClient {
  readonly id: string;
  readonly policy: DeliveryPolicy;
  /**
   * Whether what it is told of a message is what others are told: the server's own words, in which no number of ours
   * and no sequence is said.
   */
  readonly sharesWords: boolean;
  /** Whether so much waits for the client already that more should wait. */
  readonly isCongested: boolean;
  /** Makes the ids of an event's people sayable; undefined if they are. */
  prepare(event: Event): Promise<void> | undefined;
  /** Let in, for the first time; `self` as the server knows the client, if it says so. */
  up(self: User | undefined): void;
  event(event: Event, received: Received | undefined): void;
  /** A message that others are told as well. */
  news(event: EventOf<'message'>, received: Received): void;
  /** The answer to a command: `say` says it, `received` is what the server said, `ok` whether it has done it. */
  answer(received: Received | undefined, ok: boolean, say: () => void): void;
  /** Whether what the server's codec does not know can be handed on. */
  passes(error: GatewayError): boolean;
  pass(wire: WireMessage): void;
  lost(type: string, fields: readonly string[], value: unknown): void;
  /** More can be taken from the client. */
  pump(): void;
  /** There is no going on. */
  ended(error: GatewayError): void;
}

export interface LinkParts {
  readonly upstream: Upstream;
  readonly applicant: Applicant;
  readonly namespace: string;
  readonly client: LinkClient;
  readonly wheel: TimerWheel;
  readonly log: Logger;
  readonly closeTimeoutMs: number;
  now(): number;
  newId(): string;
  /** From 0 to 1. */
  random(): number;
}
