/**
 * A client of any dialect for the demo: a WebSocket of the runtime, spoken through the dialect's client face. It
 * keeps every wire message, so that the demo can show them.
 */
import type { Command } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { User } from '../../schemas/model.ts';
import type { Effects, Face, Outcome, WireMessage } from '../dialect.ts';
import type { Endpoint } from '../endpoint.ts';
import { CommandFailure } from './failure.ts';

/** A wire message that came, and what the client face made of it. */
interface Received {
  readonly wire: string;
  readonly events: Event[];
  /** The commands that it answered. */
  readonly answered: number[];
  /** It accepted the login. */
  welcomes: boolean;
  /** It said goodbye. */
  endsIt: boolean;
}

const asText = (message: WireMessage): string =>
  typeof message === 'string' ? message : new TextDecoder().decode(message);

export interface DemoClientParts {
  readonly endpoint: Endpoint;
  readonly user: User;
  readonly token: string;
  /** `ws://127.0.0.1:<port>` */
  readonly base: string;
}

export class DemoClient {
  readonly endpoint: Endpoint;
  readonly user: User;
  /** What it connected to, the token left out. */
  readonly address: string;
  readonly sent: string[] = [];
  readonly received: Received[] = [];
  isReady = false;
  closed: { readonly code: number; readonly text: string } | undefined;
  /** What it could not read. */
  fault: unknown;
  readonly #token: string;
  readonly #socket: WebSocket;
  readonly #face: Face<unknown, Command, Event>;
  readonly #outcomes = new Map<number, Outcome>();
  #nextRef = 1;

  constructor({ endpoint, user, token, base }: DemoClientParts) {
    this.endpoint = endpoint;
    this.user = user;
    this.#token = token;
    const { dialect, path, config, identity } = endpoint;
    const query = dialect.loginBy === 'query' ? `?${config.credentials.query[0] ?? 'token'}=` : '';
    this.address = query === '' ? path : `${path}${query}${this.#without(token)}`;
    this.#face = dialect.client({
      path,
      namespace: endpoint.namespace,
      authentication: endpoint.authentication,
      options: config.options,
      locale: config.locale,
      limits: { frame: config.limits.frame, content: config.limits.content },
      heartbeat: { silenceMs: config.heartbeat.silence },
    })({
      id: `demo-${user.id}`,
      credentials: [{ kind: 'token', token }],
      subprotocol: dialect.subprotocols[0],
      identity,
      now: Date.now,
      newId: () => crypto.randomUUID(),
    });
    this.#socket = new WebSocket(`${base}${path}${query === '' ? '' : query + token}`, [
      ...dialect.subprotocols,
    ]);
    this.#socket.binaryType = 'arraybuffer';
    this.#socket.addEventListener('open', () => this.#perform(this.#face.session.open()));
    this.#socket.addEventListener('message', ({ data }) =>
      this.#receive(typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer)),
    );
    this.#socket.addEventListener('close', ({ code, reason }) => {
      this.closed = { code, text: reason };
    });
  }

  /** Hands a command to the client face. `outcome` gives the answer once it has come. */
  ask(command: Command): { readonly ref: number; readonly sent: readonly string[] } {
    const ref = this.#nextRef++;
    const before = this.sent.length;
    this.#perform(this.#face.session.deliver(command, ref));
    return { ref, sent: this.sent.slice(before) };
  }

  outcome(ref: number): Outcome | undefined {
    return this.#outcomes.get(ref);
  }

  /** The wire message that answered a command; undefined if none did. */
  answerTo(ref: number): string | undefined {
    return this.received.find(({ answered }) => answered.includes(ref))?.wire;
  }

  /** The wire message that brought this content from somebody else. */
  messageWith(content: string): string | undefined {
    return this.received.find(({ events }) =>
      events.some((event) => event.type === 'message' && event.message.content === content),
    )?.wire;
  }

  get goodbye(): string | undefined {
    return this.received.find(({ endsIt }) => endsIt)?.wire;
  }

  close(): void {
    this.#socket.close();
  }

  #receive(message: WireMessage): void {
    const received: Received = {
      wire: this.#without(asText(message)),
      events: [],
      answered: [],
      welcomes: false,
      endsIt: false,
    };
    this.received.push(received);
    const text = this.endpoint.dialect.text;
    const input =
      text === 'bytes' && typeof message === 'string' ? new TextEncoder().encode(message) : message;
    try {
      for (const frame of this.#face.codec.decode(input)) {
        this.#perform(this.#face.session.receive(frame), received);
      }
    } catch (error) {
      this.fault ??= error;
    }
  }

  #perform(effects: Effects<unknown, Event>, received?: Received): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'send': {
          const message = this.#face.codec.encode(effect.frame);
          this.sent.push(this.#without(asText(message)));
          this.#socket.send(typeof message === 'string' ? message : new Uint8Array(message));
          break;
        }
        case 'route':
          received?.events.push(effect.value);
          if (received !== undefined && effect.value.type === 'going_away') received.endsIt = true;
          if (received !== undefined && effect.value.type === 'authenticated') received.welcomes = true;
          this.#perform(
            this.#face.session.settle(effect.ref, { ok: true, result: { type: 'done' } }),
            received,
          );
          break;
        case 'settled':
          received?.answered.push(effect.ref);
          this.#outcomes.set(effect.ref, effect.outcome);
          break;
        case 'ready':
          this.isReady = true;
          if (received !== undefined) received.welcomes = true;
          break;
        case 'close':
          // The gateway ends the connections of the show.
          if (received !== undefined) received.endsIt = true;
          break;
        case 'timer': // The show is over before any runs out.
        case 'lost':
          break;
        default:
          effect satisfies never;
      }
    }
  }

  #without(text: string): string {
    return text.replaceAll(this.#token, '<token>');
  }
}

/** Waits until something is so that a client or the gateway, which are both in this process, can tell. */
export async function until(
  what: string,
  isSo: () => boolean,
  watch: { readonly clients: readonly DemoClient[]; readonly signal: AbortSignal },
): Promise<void> {
  while (!isSo()) {
    const confused = watch.clients.find(({ fault }) => fault !== undefined);
    if (confused !== undefined) throw confused.fault;
    const lost = watch.clients.find(({ closed }) => closed !== undefined);
    if (lost?.closed !== undefined) {
      const { code, text } = lost.closed;
      throw new CommandFailure(`the demo broke off: ${lost.address} was closed with ${code} ${text}`);
    }
    if (watch.signal.aborted) throw new CommandFailure(`the demo broke off: it waited too long for ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
