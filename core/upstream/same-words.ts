/** The same dialect on both sides of a bridge: what one side has said goes to the other in its very words. */
import type { Event } from '../../schemas/event.ts';
import type { Connection } from '../connection.ts';
import type { Overlaid } from '../connection-host.ts';
import type { AnyDialect, WireMessage } from '../dialect.ts';
import { newLanes } from '../endpoint.ts';
import type { Hub } from '../hub.ts';
import type { Link } from './link.ts';
import { type Laid, type Overlay, overlayOf, type Passage } from './passage.ts';
import { Recent } from './recent.ts';
import type { Besides } from './spool.ts';
import type { Upstream } from './upstream.ts';
import type { Received } from './upstream-listener.ts';

export class SameWords {
  /** Whether it is one dialect at all: otherwise nothing is ever laid over anything. */
  readonly isSame: boolean;
  readonly overlays = new WeakMap<Event, Overlaid>();
  readonly #dialect: AnyDialect;
  readonly #upstream: Upstream;
  readonly #log: Hub['log'];
  readonly #laid: Recent<Laid>;
  readonly #carried = (): void => {
    this.#upstream.metrics.carried++;
  };

  constructor(dialect: AnyDialect, upstream: Upstream, log: Hub['log']) {
    this.isSame = dialect.id === upstream.dialect.id;
    this.#dialect = dialect;
    this.#upstream = upstream;
    this.#log = log;
    this.#laid = new Recent(upstream.config.limits);
  }

  /** What our codec did not know of the frame that the command came in. */
  besides(connection: Connection, link: Link): Besides | undefined {
    const { received } = connection;
    if (!this.isSame || received === undefined) return undefined;
    // A server that sees the client's own credential checks itself who says what.
    const passage = this.#upstream.config.auth === 'pass' ? 'up' : 'vouched';
    const overlay = this.#overlay(passage, received, (frame) => link.encode(this.#known(frame, 'client')));
    return overlay && { overlay, bytes: received.wire.length };
  }

  /** What the client is told of a frame of the server's, in the server's words; undefined where these can't be known. */
  down(
    connection: Connection,
    received: Received | undefined,
    passage: Exclude<Passage, 'up' | 'vouched'>,
  ): Overlay | undefined {
    if (!this.isSame || received === undefined) return undefined;
    return this.#overlay(passage, received, (frame) => connection.encode(this.#known(frame, 'server')));
  }

  /** The event is told in the words in which it came. */
  lay(connection: Connection, event: Event, received: Received | undefined): void {
    const overlay = this.down(connection, received, 'down');
    if (overlay !== undefined) this.overlays.set(event, { overlay, lanes: undefined });
  }

  /** The same for what others are told as well: what is made of it is kept for them. */
  layForAll(connection: Connection, event: Event, received: Received): void {
    if (this.overlays.has(event)) return;
    const overlay = this.down(connection, received, 'down');
    this.overlays.set(event, { overlay, lanes: newLanes() });
  }

  #known(frame: unknown, sender: 'client' | 'server'): unknown {
    return this.#dialect.known === undefined ? frame : this.#dialect.known(frame, sender);
  }

  #overlay(
    passage: Passage,
    { wire, frame }: Received,
    encode: (frame: unknown) => WireMessage | undefined,
  ): Overlay | undefined {
    return overlayOf({
      passage,
      received: wire,
      recent: this.#laid,
      carried: this.#carried,
      known: () => {
        try {
          return encode(frame);
        } catch (error) {
          const why = 'a frame can not be written again: what it has besides is not handed on';
          this.#log.debug({ err: error }, why);
          return undefined;
        }
      },
    });
  }
}
