/** What a connection needs of the gateway around it: of the hub, or of a bridge to another server. */
import type { Logger } from 'pino';
import type { Command, Credential } from '../schemas/command.ts';
import type { Event } from '../schemas/event.ts';
import type { Message } from '../schemas/model.ts';
import type { ConfirmationHost, ConfirmingStore } from './confirmation.ts';
import type { Connection } from './connection.ts';
import type { Outcome, WireMessage } from './dialect.ts';
import type { ConnectedUser, Lanes } from './endpoint.ts';
import type { GatewayError } from './errors.ts';
import type { MessageStore } from './store/port.ts';
import type { TimerWheel } from './timer-wheel.ts';

export interface ConnectionHost {
  readonly wheel: TimerWheel;
  /** Where confirmed deliveries are noted, and what was missed is read. */
  readonly store: DeliveryStore;
  readonly log: Logger;
  /** Epoch ms. */
  now(): number;
  newId(): string;
  submit(connection: Connection, command: Command, done: (outcome: Outcome) => void): void;
  /** The session is ready: begin what the endpoint's policy starts at login. */
  ready(connection: Connection): void;
  /** Whether deliveries of this message to this user move a cursor. */
  isTracked(message: Message, user: ConnectedUser): boolean;
  /** Nothing could be sent of a message that was offered: its losses are counted, and no confirmation will come. */
  unsaid(connection: ConfirmationHost, message: Message): void;
  /** Whether the connection's next frame may be handled; whoever says no calls `pump` once it may. */
  mayReceive(connection: Connection): boolean;
  /** The peer's kernel has taken all that was written. */
  drained(connection: Connection): void;
  /** Hands on what the codec does not know, as it came; false where that can't be. */
  pass(connection: Connection, wire: WireMessage, error: GatewayError): boolean;
  /** What is to be added to the frames of an event; undefined where nothing ever is. */
  readonly overlays: { get(event: Event): Overlaid | undefined } | undefined;
  closed(connection: Connection): void;
}

export interface Overlaid {
  readonly overlay: ((wire: WireMessage) => WireMessage) | undefined;
  /** Where the bytes of an event are kept that others are told as well, at other times. */
  readonly lanes: Lanes | undefined;
}

export type DeliveryStore = Pick<MessageStore, 'missed'> & ConfirmingStore;

/** What came with the request that opened the connection. */
export interface Upgrade {
  readonly credentials: readonly Credential[];
  readonly cookies: Readonly<Record<string, string>>;
  readonly subprotocol: string | undefined;
}
