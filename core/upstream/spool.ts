/** Commands that wait while their server is gone: in order, bounded by number, size and age. */
import type { Command, SendMessage } from '../../schemas/command.ts';
import type { Message } from '../../schemas/model.ts';
import type { Outcome } from '../dialect.ts';
import type { Overlay } from './passage.ts';

/** What the client's frame had besides, and about how many bytes are kept for it. */
export interface Besides {
  readonly overlay: Overlay;
  readonly bytes: number;
}

/** A command on its way up, and who waits for its outcome. */
export interface Errand {
  readonly command: Command;
  /** About, for the bounds. */
  readonly bytes: number;
  /** When the client gave it, monotonic ms. */
  readonly at: number;
  /** Exactly once. */
  readonly done: (outcome: Outcome) => void;
  /** What the client's frame had besides. */
  readonly overlay?: Overlay | undefined;
  /** Asked for by the link itself, on each connection anew. */
  readonly isOurs?: boolean;
  /** It may have been heard, on a connection that is gone. */
  readonly wasSent?: boolean;
  /** The copy of it that the server has sent back before its answer. */
  echo?: Message | undefined;
}

export interface SpoolLimits {
  readonly commands: number;
  readonly bytes: number;
  /** ms */
  readonly age: number;
}

interface Waiting {
  readonly errand: Errand;
  /** Monotonic ms. */
  readonly until: number;
}

export class Spool {
  readonly #limits: SpoolLimits;
  readonly #waiting: Waiting[] = [];
  #bytes = 0;

  constructor(limits: SpoolLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** False if there is no room: the command is to be refused. */
  push(errand: Errand, now: number): boolean {
    if (this.#waiting.length >= this.#limits.commands) return false;
    if (this.#bytes + errand.bytes > this.#limits.bytes) return false;
    // What was sent before has waited before.
    const until = errand.at + this.#limits.age;
    if (until <= now) return false;
    this.#waiting.push({ errand, until });
    this.#bytes += errand.bytes;
    return true;
  }

  /** The message of which this is the copy, if it waits to be sent again. */
  sendOf(message: Message): Errand | undefined {
    return this.#waiting.find(({ errand: { command, wasSent } }) => {
      if (wasSent !== true || command.type !== 'send_message' || command.clientId === undefined) return false;
      const { clientId, target } = command;
      const isTo = target.type === message.to.type && target.id === message.to.id;
      return isTo && (clientId === message.clientId || clientId === message.id);
    })?.errand;
  }

  /** When the next one is too old; undefined if none waits. */
  get nextExpiry(): number | undefined {
    let next: number | undefined;
    for (const { until } of this.#waiting) if (next === undefined || until < next) next = until;
    return next;
  }

  /** Those that are too old, out of the spool. */
  expired(now: number): readonly Errand[] {
    const late = this.#waiting.filter(({ until }) => until <= now);
    if (late.length === 0) return [];
    const left = this.#waiting.filter(({ until }) => until > now);
    this.#waiting.length = 0;
    this.#waiting.push(...left);
    for (const { errand } of late) this.#bytes -= errand.bytes;
    return late.map(({ errand }) => errand);
  }

  /** The first, out of the spool. */
  shift(): Errand | undefined {
    const errand = this.#waiting.shift()?.errand;
    if (errand !== undefined) this.#bytes -= errand.bytes;
    return errand;
  }

  /** All of it, in order; the spool is empty afterwards. */
  takeAll(): readonly Errand[] {
    const all = this.#waiting.map(({ errand }) => errand);
    this.#waiting.length = 0;
    this.#bytes = 0;
    return all;
  }
}

/** About the bytes that a command keeps in memory: its texts, and something for the rest. */
export function sizeOf(command: Command): number {
  switch (command.type) {
    case 'send_message':
      return OVERHEAD + command.content.length + sizeOfExtras(command);
    case 'send_batch':
      return command.items.reduce((total, item) => total + sizeOf(item), OVERHEAD);
    case 'relay':
      return command.headers.reduce(
        (total, [name, value]) => total + name.length + value.length,
        OVERHEAD + command.body.length,
      );
    case 'settle_delivery':
      return OVERHEAD + command.deliveries.length * PER_DELIVERY;
    default:
      return OVERHEAD;
  }
}
const OVERHEAD = 256;
const PER_DELIVERY = 64;

function sizeOfExtras({ attachment, extensions }: SendMessage): number {
  const file = attachment === undefined ? 0 : attachment.url.length + (attachment.name?.length ?? 0);
  return file + (extensions === undefined ? 0 : JSON.stringify(extensions).length);
}
