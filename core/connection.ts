/**
 * One connection: an ordered, bounded inbox; the session's effects; its timers; its output. The only caller of
 * a transport's `write`, and the one place that turns whatever is thrown into a GatewayError.
 */
import type { Logger } from 'pino';
import type { Command, Credential } from '../schemas/command.ts';
import type { Event } from '../schemas/event.ts';
import { conversationKey, type Message } from '../schemas/model.ts';
import { type CloseReason, cutCloseText } from './close.ts';
import { DeliveryTracker } from './delivery-tracker.ts';
import type { Effect, Effects, Face, Outcome } from './dialect.ts';
import type { ConnectedUser, Endpoint, Lane } from './endpoint.ts';
import { errorText, GatewayError, toGatewayError } from './errors.ts';
import { Heartbeat } from './heartbeat.ts';
import { Inbox } from './inbox.ts';
import { add } from './metrics.ts';
import { Outbox } from './outbox.ts';
import { TokenBucket } from './rate-limit.ts';
import { Replay, type ReplayScope } from './replay.ts';
import { SessionTimers } from './session-timers.ts';
import type { MessageStore } from './store/port.ts';
import type { TimerWheel, WheelTimer } from './timer-wheel.ts';
import type { Transport, TransportListener } from './transport.ts';

/** Commands after which nothing further is received until they are settled. */
const ORDERED: ReadonlySet<Command['type']> = new Set([
  'authenticate',
  'join_group',
  'leave_group',
  'subscribe',
  'unsubscribe',
]);

/** What a connection needs of the gateway around it. */
export interface ConnectionHost {
  readonly wheel: TimerWheel;
  readonly store: MessageStore;
  readonly log: Logger;
  /** Epoch ms. */
  now(): number;
  newId(): string;
  submit(connection: Connection, command: Command, done: (outcome: Outcome) => void): void;
  /** The session is ready: begin what the endpoint's policy starts at login. */
  ready(connection: Connection): void;
  /** Whether deliveries of this message to this user move a cursor. */
  isTracked(message: Message, user: ConnectedUser): boolean;
  closed(connection: Connection): void;
}

type SessionEffects = Effects<unknown, Command>;

export class Connection implements TransportListener {
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly credentials: readonly Credential[];
  readonly remoteAddress: string;
  readonly log: Logger;
  readonly outbox: Outbox;
  readonly tracker = new DeliveryTracker();
  readonly rate: TokenBucket;
  /** Set by the router when a login succeeds. */
  user: ConnectedUser | undefined;
  /** Keys of the groups and destinations that it attends, and whether direct messages come here. */
  readonly attending = new Set<string>();
  inbox = false;
  /** Signature of the newest roster that was pushed here. */
  roster: string | undefined;
  /** Ends the connection when its token does. */
  expiry: WheelTimer | undefined;

  readonly #host: ConnectionHost;
  readonly #transport: Transport;
  readonly #face: Face<unknown, Event, Command>;
  readonly #lane: Lane;
  readonly #waiting: Inbox;
  readonly #timers: SessionTimers;
  readonly #heartbeat: Heartbeat;
  readonly #replay: Replay;
  readonly #loginDeadline: WheelTimer;
  #frames: Iterator<unknown> | undefined;
  #pumping = false;
  #paused = false;
  #holdRef: number | undefined;
  #inFlight = 0;
  #ready = false;
  #held: Event[] = [];
  #ending = false;
  #closed = false;
  #replacedNow = false;
  readonly #lifeSigns = new Set<(alive: boolean) => void>();
  #bytesBeforeLogin = 0;
  #framesBeforeLogin = 0;
  /** Whether the effects that are being carried out sent something, and whether the dialect confirms it. */
  #sentCount = 0;
  #sentByDialect = false;

  constructor(
    host: ConnectionHost,
    endpoint: Endpoint,
    transport: Transport,
    upgrade: { readonly credentials: readonly Credential[]; readonly subprotocol: string | undefined },
  ) {
    this.#host = host;
    this.endpoint = endpoint;
    this.#transport = transport;
    this.credentials = upgrade.credentials;
    this.remoteAddress = transport.remoteAddress;
    this.id = host.newId();
    this.log = host.log.child({ connection: this.id, endpoint: endpoint.path });
    this.outbox = new Outbox(transport, endpoint.flusher);
    this.#lane = endpoint.lanes[transport.kind];
    const { limits, heartbeat } = endpoint.config;
    this.rate = new TokenBucket(limits.rate, host.wheel.now());
    this.#waiting = new Inbox(limits.inbox);
    this.#timers = new SessionTimers(host.wheel, (name) =>
      this.#guard(() => this.#face.session.expire(name)),
    );
    this.#heartbeat = new Heartbeat(host.wheel, heartbeat, {
      ping: () => this.#ping(),
      lost: () => {
        this.log.info('no pong: connection ended');
        this.#countClose('silence');
        this.#transport.terminate();
      },
    });
    this.#replay = new Replay(this, host.store, limits);
    this.#face = endpoint.openFace({
      id: this.id,
      credentials: upgrade.credentials,
      subprotocol: upgrade.subprotocol,
      identity: endpoint.identity,
      now: host.now,
      newId: host.newId,
    });
    this.#loginDeadline = host.wheel.arm(limits.beforeLogin.deadline, () => {
      if (this.user === undefined)
        this.fault(new GatewayError('unauthenticated', { fatal: 'unauthenticated' }));
    });
  }

  get isEnding(): boolean {
    return this.#ending || this.#closed;
  }

  /** Whether the session has said that values may be delivered. */
  get isReady(): boolean {
    return this.#ready;
  }

  get namespace(): string {
    return this.endpoint.namespace;
  }

  /** Bytes on their way to the peer. */
  get pendingBytes(): number {
    return this.outbox.pendingBytes;
  }

  /** Writes what is queued now instead of at the end of the turn. */
  flush(): void {
    this.outbox.flush();
  }

  /** Says what the dialect says first. Call it once the transport's listeners are attached. */
  open(): void {
    this.#guard(() => this.#face.session.open());
  }

  // --- from the transport -------------------------------------------------------------------------------

  message(data: Uint8Array, isBinary: boolean): void {
    if (this.isEnding || this.#replacedNow) return;
    const { metrics } = this.endpoint;
    this.#signOfLife(true);
    metrics.wireMessagesIn++;
    metrics.bytesIn += data.length;
    this.#timers.touch('received');
    this.#heartbeat.alive();
    this.#waiting.push(data, isBinary);
    this.#pump();
    if (this.#waiting.isFull && !this.#paused && !this.isEnding) this.#pause();
  }

  pong(): void {
    if (this.#closed) return;
    this.#signOfLife(true);
    this.#timers.touch('received_or_pong');
    if (!this.#heartbeat.answered() || this.user === undefined) return;
    const { namespace, id } = this.user.user;
    const ranges = this.tracker.answer(namespace, id);
    if (ranges.length > 0) this.#confirm(ranges);
    if (this.tracker.hasFresh) this.#heartbeat.confirmSoon();
  }

  drain(): void {
    this.#replay.drained();
  }

  refused(reason: 'too_large' | 'invalid_payload'): void {
    this.#countClose(reason);
    this.log.info({ reason }, 'wire message refused');
    // The transport closes with the reason's code; nothing may follow a close frame.
    this.#ending = true;
  }

  closed(code: number): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#signOfLife(false);
    this.#host.wheel.cancel(this.#loginDeadline);
    if (this.expiry !== undefined) this.#host.wheel.cancel(this.expiry);
    this.#timers.stop();
    this.#heartbeat.stop();
    this.#replay.stop();
    this.#waiting.clear();
    this.outbox.clear();
    this.#held = [];
    this.#frames = undefined;
    this.endpoint.metrics.writes += this.outbox.writes;
    this.log.debug({ code }, 'connection closed');
    this.#host.closed(this);
  }

  // --- receiving ----------------------------------------------------------------------------------------

  /** Handles what waits, in order, until something holds it up. Re-entrant calls leave the work to the outer one. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (
        !this.isEnding &&
        this.#holdRef === undefined &&
        this.#inFlight < this.endpoint.config.limits.inFlight
      ) {
        if (this.#frames === undefined) {
          const next = this.#waiting.shift();
          if (next === undefined) break;
          this.#decode(next.data, next.isBinary);
        } else {
          this.#receive(this.#frames);
        }
      }
    } finally {
      this.#pumping = false;
    }
    if (this.#paused && !this.isEnding && this.#waiting.isRoomy) this.#resume();
  }

  #decode(data: Uint8Array, isBinary: boolean): void {
    const { limits } = this.endpoint.config;
    if (this.user === undefined) {
      this.#bytesBeforeLogin += data.length;
      if (this.#bytesBeforeLogin > limits.beforeLogin.bytes) {
        this.fault(
          new GatewayError('frame_too_large', {
            detail: `at most ${limits.beforeLogin.bytes} bytes before login`,
          }),
        );
        return;
      }
    }
    if (data.length > limits.frame) {
      this.fault(new GatewayError('frame_too_large', { detail: `at most ${limits.frame} bytes` }));
      return;
    }
    const asBytes = isBinary || this.endpoint.dialect.text === 'bytes';
    try {
      const message = asBytes ? data : Buffer.from(data.buffer, data.byteOffset, data.length).toString();
      this.#frames = this.#face.codec.decode(message)[Symbol.iterator]();
    } catch (error) {
      this.#frames = undefined;
      this.fault(error);
    }
  }

  #receive(frames: Iterator<unknown>): void {
    let next: IteratorResult<unknown>;
    try {
      next = frames.next();
    } catch (error) {
      this.#frames = undefined;
      this.fault(error);
      return;
    }
    if (next.done === true) {
      this.#frames = undefined;
      return;
    }
    this.endpoint.metrics.framesIn++;
    if (
      this.user === undefined &&
      ++this.#framesBeforeLogin > this.endpoint.config.limits.beforeLogin.frames
    ) {
      const detail = `at most ${this.endpoint.config.limits.beforeLogin.frames} frames before login`;
      this.fault(new GatewayError('unauthenticated', { detail, fatal: 'unauthenticated' }));
      return;
    }
    const frame = next.value;
    this.#guard(() => this.#face.session.receive(frame));
  }

  #pause(): void {
    this.#paused = true;
    this.endpoint.metrics.pauses++;
    this.#timers.pause();
    this.#heartbeat.pause();
    this.#transport.pause();
  }

  #resume(): void {
    this.#paused = false;
    this.#timers.resume();
    this.#heartbeat.resume();
    this.#transport.resume();
  }

  // --- effects ------------------------------------------------------------------------------------------

  /** Calls the session and does what it says; whatever is thrown becomes this connection's own fault. */
  #guard(call: () => SessionEffects): void {
    if (this.isEnding) return;
    try {
      this.#perform(call());
    } catch (error) {
      this.fault(error);
    }
  }

  /** Lets the session say what is wrong; ends the connection if the error is fatal or the session fails too. */
  fault(thrown: unknown): void {
    if (this.isEnding) return;
    const error = toGatewayError(thrown);
    this.#countError(error);
    try {
      this.#perform(this.#face.session.fail(error));
    } catch (second) {
      this.log.error({ err: second }, 'session failed while it reported an error');
      this.end('internal', errorText('internal', this.endpoint.config.locale));
    }
    if (error.fatal !== undefined) this.end(error.fatal, errorText(error.code, this.endpoint.config.locale));
  }

  #perform(effects: SessionEffects): void {
    for (const effect of effects) {
      if (this.isEnding) return;
      this.#do(effect);
    }
  }

  #do(effect: Effect<unknown, Command>): void {
    switch (effect.kind) {
      case 'send':
        this.#sentCount++;
        if (effect.confirm === 'dialect') this.#sentByDialect = true;
        this.#push(this.#encode(effect.frame));
        return;
      case 'route':
        this.#submit(effect.ref, effect.value);
        return;
      case 'lost':
        this.endpoint.metrics.countLoss(effect.type, effect.fields);
        return;
      case 'timer':
        this.#timers.set(effect.name, effect.afterMs, effect.restart);
        return;
      case 'ready':
        this.#becomeReady();
        return;
      case 'close':
        this.end(effect.reason, effect.text);
        return;
      case 'settled':
        throw new Error('a server session has nothing to answer');
      default:
        effect satisfies never;
    }
  }

  #submit(ref: number, command: Command): void {
    add(this.endpoint.metrics.commands, command.type);
    this.#inFlight++;
    if (ORDERED.has(command.type)) this.#holdRef = ref;
    this.#host.submit(this, command, (outcome) => this.#settle(ref, command, outcome));
  }

  #settle(ref: number, command: Command, outcome: Outcome): void {
    this.#inFlight--;
    if (this.#holdRef === ref) this.#holdRef = undefined;
    if (this.isEnding) return;
    if (!outcome.ok) this.#countError(outcome.error);
    this.#guard(() => this.#face.session.settle(ref, outcome));
    if (!outcome.ok && outcome.error.fatal !== undefined) {
      this.end(outcome.error.fatal, errorText(outcome.error.code, this.endpoint.config.locale));
    }
    if (outcome.ok && this.endpoint.policy.replay === 'attend') this.#replayAttended(command);
    this.#pump();
  }

  #replayAttended(command: Command): void {
    if (this.user === undefined || this.user.anonymous) return;
    if (command.type === 'join_group') this.replay({ conversations: [`group:${command.group}`] });
    if (command.type !== 'subscribe') return;
    if (command.target.type === 'group') this.replay({ conversations: [`group:${command.target.id}`] });
    if (command.target.type === 'user') this.replay({ groups: [] });
  }

  // --- output -------------------------------------------------------------------------------------------

  #encode(frame: unknown): Uint8Array {
    this.endpoint.metrics.encodes++;
    return this.#transport.frame(this.#face.codec.encode(frame));
  }

  #push(framed: Uint8Array): void {
    const { metrics, config } = this.endpoint;
    metrics.framesOut++;
    metrics.bytesOut += framed.length;
    this.#timers.touch('sent');
    this.outbox.push(framed);
    if (this.outbox.pendingBytes > config.limits.sendBuffer) this.#tooSlow();
  }

  /** In the dialect's own words, then at once: what is queued will not be read in time anyway. */
  #tooSlow(): void {
    if (this.isEnding) return;
    this.endpoint.metrics.slowConsumers++;
    this.fault(new GatewayError('slow_consumer'));
  }

  /** Offers an event. Before `ready`, and messages during a replay, it is held back. Never throws. */
  offer(event: Event): void {
    if (this.isEnding) return;
    if (!this.#ready) this.#hold(event);
    else if (this.#replay.isRunning && this.#replay.holds(event)) this.#replay.hold(event);
    else this.deliver(event);
  }

  #hold(event: Event): void {
    this.endpoint.metrics.held++;
    this.#held.push(event);
    if (this.#held.length > this.endpoint.config.limits.held) this.#tooSlow();
  }

  /** Gives an event to the session now, by the fast path where it can. */
  deliver(event: Event): void {
    if (this.isEnding) return;
    add(this.endpoint.metrics.events, event.type);
    try {
      const key = this.#face.session.fanoutKey?.(event);
      if (key === undefined) this.#deliverAlone(event);
      else this.#deliverShared(event, key);
    } catch (error) {
      this.fault(error);
    }
  }

  #deliverAlone(event: Event): void {
    this.#sentCount = 0;
    this.#sentByDialect = false;
    this.#perform(this.#face.session.deliver(event));
    if (event.type === 'message') this.#track(event.message, this.#sentCount > 0, this.#sentByDialect);
  }

  #deliverShared(event: Event, key: string): void {
    let shared = this.#lane.get(event, key);
    if (shared === undefined) {
      const losses: { readonly type: string; readonly fields: readonly string[] }[] = [];
      let framed: Uint8Array | undefined;
      for (const effect of this.#face.session.deliver(event)) {
        if (effect.kind === 'send') framed = this.#encode(effect.frame);
        else if (effect.kind === 'lost') losses.push(effect);
      }
      if (framed === undefined) throw new Error(`fan-out key ${key} for an event that sends nothing`);
      shared = { framed, losses };
      this.#lane.set(event, key, shared);
    }
    for (const { type, fields } of shared.losses) this.endpoint.metrics.countLoss(type, fields);
    this.#push(shared.framed);
    if (event.type === 'message') this.#track(event.message, true, false);
  }

  #track(message: Message, sent: boolean, byDialect: boolean): void {
    if (this.isEnding || this.user === undefined || !this.#host.isTracked(message, this.user)) return;
    const conversation = conversationKey(message.to, message.from.id);
    if (!sent) {
      // The author's own connection may have nothing to be told; anybody else's could not be told.
      if (message.from.id !== this.user.user.id) this.tracker.skipped(conversation);
      return;
    }
    this.tracker.sent(conversation, message.sequence, byDialect);
    if (this.tracker.hasFresh) this.#heartbeat.confirmSoon();
  }

  #ping(): void {
    this.outbox.flush();
    this.tracker.ask();
    this.#transport.ping();
  }

  #confirm(ranges: Parameters<MessageStore['confirm']>[0], done?: () => void): void {
    this.#host.store.confirm(ranges, (outcome) => {
      if (!outcome.ok)
        this.log.warn({ err: outcome.error }, 'confirmed deliveries could not be noted: they come again');
      done?.();
    });
  }

  /** The dialect's own acknowledgement of a message delivery. False, without `done`, if none waits for it. */
  acknowledge(conversation: string, sequence: number, accepted: boolean, done: () => void): boolean {
    if (this.user === undefined) return false;
    if (!accepted) {
      const known = this.tracker.refuse(conversation, sequence);
      if (known) done();
      return known;
    }
    const { namespace, id } = this.user.user;
    const range = this.tracker.accept(namespace, id, conversation, sequence);
    if (range === undefined) return false;
    this.#confirm([range], done);
    return true;
  }

  /** Asks for a sign of life and tells whether one came within `withinMs`; a closed connection is not alive. */
  whetherAlive(withinMs: number, answer: (alive: boolean) => void): void {
    if (this.isEnding) {
      answer(false);
      return;
    }
    const timer = this.#host.wheel.arm(withinMs, () => settle(false));
    const settle = (alive: boolean): void => {
      this.#host.wheel.cancel(timer);
      this.#lifeSigns.delete(settle);
      answer(alive);
    };
    this.#lifeSigns.add(settle);
    this.#heartbeat.probe();
  }

  #signOfLife(alive: boolean): void {
    for (const settle of [...this.#lifeSigns]) settle(alive);
  }

  /** Its user has logged in elsewhere: nothing more is received, and the session says goodbye in its own time. */
  replaced(): void {
    this.#replacedNow = true;
    this.#waiting.clear();
    this.#frames = undefined;
    this.#replay.stop();
    this.#transport.pause();
    const { closeTimeout } = this.endpoint.config.limits;
    this.#host.wheel.arm(closeTimeout, () => this.end('replaced', ''));
  }

  /** Replays what the user missed, after replays already under way; live messages wait until it is complete. */
  replay(scope: ReplayScope, done?: (outcome: Outcome) => void): void {
    this.#replay.add(scope, done);
  }

  #becomeReady(): void {
    if (this.#ready) return;
    this.#ready = true;
    this.#host.ready(this);
    const held = this.#held;
    this.#held = [];
    for (const event of held) this.offer(event);
  }

  // --- the end ------------------------------------------------------------------------------------------

  #countError(error: GatewayError): void {
    add(this.endpoint.metrics.errors, error.code);
    if (error.code === 'internal') this.log.error({ err: error }, 'internal error');
    else this.log.debug({ code: error.code, detail: error.detail }, 'error answered');
  }

  #countClose(reason: CloseReason): void {
    add(this.endpoint.metrics.closes, reason);
  }

  /** Ends the connection after what was said so far. Only the first call counts. */
  end(reason: CloseReason, text: string): void {
    if (this.isEnding) return;
    this.#ending = true;
    this.#countClose(reason);
    this.#timers.stop();
    this.#replay.stop();
    this.#waiting.clear();
    this.outbox.flush();
    this.log.debug({ reason }, 'ending the connection');
    this.#transport.close(this.endpoint.closeCode(reason), cutCloseText(text));
  }

  terminate(): void {
    this.#transport.terminate();
  }
}
