/** What is told of a connection to a server, to whoever has it. */
import type { Event } from '../../schemas/event.ts';
import type { Outcome, WireMessage } from '../dialect.ts';
import type { GatewayError } from '../errors.ts';
import type { UpstreamEnd } from './ends.ts';
import type { News } from './tellings.ts';

/** Something that came from the server, as it was on the wire. */
export interface Received {
  readonly wire: WireMessage;
  readonly frame: unknown;
}

export interface UpstreamListener {
  /** The server has let us in. */
  ready(): void;
  /** `settle` tells the face what became of the event; call it once. */
  event(event: Event, settle: (outcome: Outcome) => void, received: Received | undefined): void;
  /** A message that others are told as well, and of which no outcome is waited for. */
  news(news: News): void;
  /** A command that the face had held back has gone out. */
  sent(ref: number): void;
  /** `answer`: where the server has said so; otherwise the face knows without it. */
  settled(ref: number, outcome: Outcome, answer: Received | undefined): void;
  lost(type: string, fields: readonly string[], value: unknown): void;
  /** A wire message of which the codec knows no such frame. True: it was handed on as it is. */
  unknown(wire: WireMessage, error: GatewayError): boolean;
  /** What was written has left; more may come. */
  drained(): void;
  ended(end: UpstreamEnd): void;
}
