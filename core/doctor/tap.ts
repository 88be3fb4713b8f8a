/**
 * A dialect whose client face can be watched: which wire messages come, which timers it sets, how it ends. The
 * connection that it is given to knows nothing of it.
 */

import type { Command } from '../../schemas/command.ts';
import type { EndpointConfig } from '../../schemas/config.ts';
import type { Event } from '../../schemas/event.ts';
import type { CloseReason } from '../close.ts';
import type { AnyDialect, Effects, Face, TimerRestart, WireMessage } from '../dialect.ts';
import { PayloadEncryption } from '../payload-encryption.ts';

type ClientFace = Face<unknown, Command, Event>;
type Out = Effects<unknown, Event>;

export class Tap {
  /** Of the dialect that was given, with its client face watched. */
  readonly dialect: AnyDialect;
  /** While it is true, the face hears nothing. */
  muted = false;
  /** What came, as it was before encryption. */
  readonly wires: WireMessage[] = [];
  /** The first of them that is no frame of the dialect. */
  unreadable: WireMessage | undefined;
  /** What the face said when it ended the connection. */
  closed: { readonly reason: CloseReason; readonly text: string } | undefined;
  readonly #timers = new Map<string, TimerRestart | undefined>();
  readonly #encryption: PayloadEncryption | undefined;
  readonly #heard: () => void;
  #face: ClientFace | undefined;
  #next: Out | undefined;

  constructor(dialect: AnyDialect, { encryption }: EndpointConfig, heard: () => void) {
    this.#heard = heard;
    this.#encryption = encryption === undefined ? undefined : new PayloadEncryption(encryption);
    this.dialect = {
      ...dialect,
      client: (endpoint) => {
        const open = dialect.client(endpoint);
        return (connection) => this.#around(open(connection));
      },
    };
  }

  /** A wire message as it has to leave. */
  seal(wire: WireMessage): WireMessage {
    return this.#encryption === undefined ? wire : this.#encryption.seal(wire, this.#encryption.active);
  }

  /**
   * What the face says when the time for its heartbeat has come, as wire messages; the next command that it is given
   * is taken for the sign to say it.
   */
  prepareHeartbeat(): readonly WireMessage[] {
    const face = this.#face;
    if (face === undefined) return [];
    const effects: Out[number][] = [];
    for (const [name, restart] of this.#timers) {
      // Those that the other side's traffic starts over watch for silence.
      if (restart === 'received' || restart === 'received_or_pong') continue;
      const said = face.session.expire(name);
      const isBeat = said.some(({ kind }) => kind === 'send') && !said.some(({ kind }) => kind === 'close');
      if (isBeat) effects.push(...said);
    }
    if (effects.length > 0) this.#next = effects;
    return effects.flatMap((effect) => (effect.kind === 'send' ? [face.codec.encode(effect.frame)] : []));
  }

  #around(face: ClientFace): ClientFace {
    this.#face = face;
    const { codec, session } = face;
    const note = (effects: Out): Out => {
      for (const effect of effects) this.#note(effect);
      return effects;
    };
    return {
      // An object of its own for each connection: nobody remembers for it what was read before.
      codec: {
        decode: (message) => this.#read(message, codec),
        encode: (frame) => this.seal(codec.encode(frame)),
      },
      session: {
        open: () => note(session.open()),
        receive: (frame) => note(session.receive(frame)),
        deliver: (command, ref) => {
          const prepared = this.#next;
          this.#next = undefined;
          return note(prepared ?? session.deliver(command, ref));
        },
        settle: (ref, outcome) => note(session.settle(ref, outcome)),
        fail: (error) => note(session.fail(error)),
        expire: (timer) => note(session.expire(timer)),
      },
    };
  }

  /** The frames of a wire message, for the face unless it is muted. */
  *#read(message: WireMessage, codec: ClientFace['codec']): Iterable<unknown> {
    queueMicrotask(this.#heard);
    const index = this.wires.push(message) - 1;
    try {
      const plain = this.#open(message);
      this.wires[index] = plain;
      for (const frame of codec.decode(plain)) if (!this.muted) yield frame;
    } catch (error) {
      this.unreadable ??= this.wires[index];
      if (!this.muted) throw error;
    }
  }

  #note(effect: Out[number]): void {
    if (effect.kind === 'close') this.closed ??= { reason: effect.reason, text: effect.text };
    if (effect.kind !== 'timer') return;
    if (effect.afterMs === null) this.#timers.delete(effect.name);
    else this.#timers.set(effect.name, effect.restart);
  }

  #open(message: WireMessage): WireMessage {
    if (this.#encryption === undefined) return message;
    const { data } = this.#encryption.open(typeof message === 'string' ? Buffer.from(message) : message);
    return this.dialect.text === 'bytes' ? data : data.toString();
  }
}
