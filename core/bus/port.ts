/** The port between gateways: events that connections of other nodes must hear. */
import type { Event } from '../../schemas/event.ts';

/** Whom an event is for; every node looks up its own connections. */
export type Audience =
  | {
      readonly kind: 'group';
      readonly namespace: string;
      readonly group: string;
      /** Not only those who attend it: every connection of its members. */
      readonly members?: boolean;
      /** And the connections of these users, members or not. */
      readonly besides?: readonly string[];
    }
  | { readonly kind: 'users'; readonly namespace: string; readonly users: readonly string[] }
  | { readonly kind: 'topic'; readonly namespace: string; readonly topic: string };

export interface Envelope {
  /** The node that published it; it has served its own connections already. */
  readonly node: string;
  readonly event: Event;
  readonly audience: Audience;
}

export interface Bus {
  /** Asynchronous, at least once, ordered per conversation. */
  publish(envelope: Envelope): void;
  /** Gives a function that ends the subscription. Envelopes of `node` itself are not delivered to it. */
  subscribe(node: string, listener: (envelope: Envelope) => void): () => void;
}
