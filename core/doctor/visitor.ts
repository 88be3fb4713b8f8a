/** A client of an endpoint, on a real connection through the dialect's own client face, and how to wait for what it hears. */
import type { Logger } from 'pino';
import type { Command } from '../../schemas/command.ts';
import type { EndpointConfig, UpstreamConfig } from '../../schemas/config.ts';
import type { Event } from '../../schemas/event.ts';
import { CLOSE_CODES, type CloseReason } from '../close.ts';
import type { AnyDialect, Outcome, WireMessage } from '../dialect.ts';
import type { GatewayError } from '../errors.ts';
import type { TimerWheel } from '../timer-wheel.ts';
import { Upstream } from '../upstream/upstream.ts';
import { UpstreamSession } from '../upstream/upstream-session.ts';
import { addressOf, type Login } from './logins.ts';
import type { WireUsers } from './numbers.ts';
import { Tap } from './tap.ts';

export interface VisitorParts {
  readonly endpoint: EndpointConfig;
  readonly dialect: AnyDialect;
  /** `ws://host:port` */
  readonly base: string;
  readonly login: Login;
  readonly users: WireUsers;
  readonly wheel: TimerWheel;
  readonly log: Logger;
  /** Of each wait, ms. */
  readonly timeoutMs: number;
}

/** How a connection ended, as far as could be seen. */
export interface End {
  readonly failure: string;
  readonly reason: CloseReason | undefined;
  readonly code: number | undefined;
  /** What the dialect's words said. */
  readonly text: string;
}

export class Visitor {
  readonly login: Login;
  /** What was heard, and when: ms, by `performance.now`. */
  readonly heard: { readonly event: Event; readonly at: number }[] = [];
  readonly tap: Tap;
  end: End | undefined;
  /** Who the gateway says we are. */
  user: string | undefined;
  readonly #parts: VisitorParts;
  readonly #session: UpstreamSession;
  readonly #outcomes = new Map<number, Outcome>();
  readonly #watchers = new Set<() => void>();
  #nextRef = 1;

  constructor(parts: VisitorParts) {
    const { endpoint, dialect, base, login, users, wheel, log, timeoutMs } = parts;
    this.#parts = parts;
    this.login = login;
    this.user = login.user;
    this.tap = new Tap(dialect, endpoint, () => this.#changed());
    const { url, headers } = addressOf(base, endpoint, { dialect, login });
    const upstream = new Upstream({
      endpoint,
      config: configFor(endpoint, url, timeoutMs),
      dialect: this.tap.dialect,
      identity: users,
      now: () => wheel.now(),
    });
    this.#session = new UpstreamSession({
      id: crypto.randomUUID(),
      upstream,
      login: { url, headers, credentials: login.credentials },
      wheel,
      log,
      closeTimeoutMs: timeoutMs,
      now: Date.now,
      newId: () => crypto.randomUUID(),
      listener: {
        ready: () => this.#changed(),
        event: (event, settle) => {
          users.hear(event);
          this.heard.push({ event, at: performance.now() });
          if (event.type === 'authenticated') this.user ??= event.user.id;
          settle(DONE);
          this.#changed();
        },
        news: ({ event }) => {
          users.hear(event);
          this.heard.push({ event, at: performance.now() });
          this.#changed();
        },
        sent: () => {},
        settled: (ref, outcome) => {
          this.#outcomes.set(ref, outcome);
          this.#changed();
        },
        lost: () => {},
        unknown: () => false,
        drained: () => {},
        ended: ({ failure, error, code }) => this.#ended(failure, error, code),
      },
    });
  }

  get isReady(): boolean {
    return this.#session.isReady;
  }

  /** The first value that `look` finds, now or when something has happened; undefined if the wait or the connection ends before. */
  when<Value>(look: () => Value | undefined, ms = this.#parts.timeoutMs): Promise<Value | undefined> {
    const { promise, resolve } = Promise.withResolvers<Value | undefined>();
    const done = (value: Value | undefined): void => {
      clearTimeout(timer);
      this.#watchers.delete(watch);
      resolve(value);
    };
    const watch = (): void => {
      const value = look();
      if (value !== undefined || this.end !== undefined) done(value);
    };
    const timer = setTimeout(() => done(undefined), ms);
    this.#watchers.add(watch);
    watch();
    return promise;
  }

  /** Gives the face a command; undefined if there is no answer. */
  async ask(command: Command): Promise<Outcome | undefined> {
    const ref = this.#nextRef++;
    this.#session.deliver(command, ref);
    return this.when(() => this.#outcomes.get(ref));
  }

  /** Sends a wire message that no face would. */
  say(wire: WireMessage): void {
    this.#session.pass(wire);
  }

  /** Lets the face send its heartbeat, as if it were time; gives what was sent. */
  beat(): readonly WireMessage[] {
    const beats = this.tap.prepareHeartbeat();
    if (beats.length > 0) this.#session.deliver({ type: 'disconnect' }, this.#nextRef++);
    return beats;
  }

  leave(): void {
    this.#session.leave();
  }

  #ended(failure: string, error: GatewayError | undefined, code: number | undefined): void {
    const { closed } = this.tap;
    const { closeCodes } = this.#parts.endpoint;
    const reason = closed?.reason ?? (code === undefined ? undefined : reasonOf(code, closeCodes));
    this.end = { failure, reason, code, text: closed?.text ?? error?.message ?? '' };
    this.#changed();
  }

  #changed(): void {
    for (const watch of [...this.#watchers]) watch();
  }
}

const DONE: Outcome = { ok: true, result: { type: 'done' } };

export const closeCodeOf = ({ closeCodes }: EndpointConfig, reason: CloseReason): number =>
  closeCodes[reason] ?? CLOSE_CODES[reason];

/** What a close code of the gateway stands for on this endpoint; 1000 may stand for several. */
function reasonOf(code: number, codes: EndpointConfig['closeCodes']): CloseReason | undefined {
  if (code === CLOSE_CODES.normal) return undefined;
  return REASONS.find((reason) => (codes[reason] ?? CLOSE_CODES[reason]) === code);
}
const REASONS = Object.keys(CLOSE_CODES) as CloseReason[];

/** The endpoint as it looks from outside, to a client that the doctor is. */
function configFor(endpoint: EndpointConfig, url: string, timeoutMs: number): UpstreamConfig {
  const { options, locale, dialect, auth, identity } = endpoint;
  return {
    dialect,
    url,
    options,
    locale,
    identity,
    auth: auth === 'none' ? 'claim' : 'pass',
    tokenParameter: 'none',
    headers: {},
    attend: [],
    connectTimeout: timeoutMs,
    loginTimeout: timeoutMs,
    answerTimeout: timeoutMs,
    // A visit is short, and pings are checked by themselves.
    heartbeat: { ping: NEVER, pongTimeout: NEVER, silence: null },
    reconnect: { min: 0, max: 0, giveUpAfter: 0 },
    spool: { commands: 0, bytes: 0, age: 0 },
    resend: false,
    breaker: { failures: 1, openFor: 0 },
    limits: {
      frame: MOST_BYTES,
      buffer: MOST_BYTES,
      inFlight: 100,
      remembered: 0,
      listed: 10_000,
      texts: 0,
      textLength: 1,
    },
  };
}

const NEVER = 3_600_000;
/** Larger than whatever a gateway may send. */
const MOST_BYTES = 64 * 1024 * 1024;
