/**
 * One connection: an ordered, bounded inbox; the session's effects; its timers; its output. The only caller of
 * a transport's `write`, and the one place that turns whatever is thrown into a GatewayError.
 */
import type { Logger } from 'pino';
import type { Command, Credential } from '../schemas/command.ts';
import type { Event, EventOf } from '../schemas/event.ts';
import type { Message } from '../schemas/model.ts';
import type { Lease } from './auth/lease.ts';
import { type CloseReason, cutCloseText } from './close.ts';
import { Confirmation, type ConfirmingStore } from './confirmation.ts';
import type { DeliveryTracker } from './delivery-tracker.ts';
import type { Effect, Effects, Face, Outcome, WireMessage } from './dialect.ts';
import type { ConnectedUser, Endpoint } from './endpoint.ts';
import { errorText, GatewayError, toGatewayError } from './errors.ts';
import { Heartbeat } from './heartbeat.ts';
import { add } from './metrics.ts';
import type { Outbox } from './outbox.ts';
import { Output } from './output.ts';
import type { Waiting } from './queue-metrics.ts';
import { TokenBucket } from './rate-limit.ts';
import { Receiver } from './receiver.ts';
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

/** A transaction that revokes has to look for the messages first: what follows must not overtake it. */
const isOrdered = (command: Command): boolean =>
  ORDERED.has(command.type) ||
  (command.type === 'send_batch' && command.items.some(({ type }) => type === 'revoke_message'));

/** What a connection needs of the gateway around it. */
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
  unsaid(connection: Connection, message: Message): void;
  /** Whether the connection's next frame may be handled; whoever says no calls `pump` once it may. */
  mayReceive(connection: Connection): boolean;
  /** The peer's kernel has taken all that was written. */
  drained(connection: Connection): void;
  /** Hands on what the codec does not know, as it came; false where that can't be. */
  pass(connection: Connection, wire: WireMessage, error: GatewayError): boolean;
  /** What is to be added to the frames of an event; undefined where nothing ever is. */
  readonly overlays: { get(event: Event): ((wire: WireMessage) => WireMessage) | undefined } | undefined;
  closed(connection: Connection): void;
}

export type DeliveryStore = Pick<MessageStore, 'missed'> & ConfirmingStore;

/** What came with the request that opened the connection. */
export interface Upgrade {
  readonly credentials: readonly Credential[];
  readonly cookies: Readonly<Record<string, string>>;
  readonly subprotocol: string | undefined;
}

type SessionEffects = Effects<unknown, Command>;

/** News of others that nobody acts on at once. */
const UNHURRIED: ReadonlySet<Event['type']> = new Set(['presence_changed', 'member_joined', 'member_left']);

const WHOLE: readonly string[] = Object.freeze(['*']);

export class Connection implements TransportListener {
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly credentials: readonly Credential[];
  /** Those cookies of the upgrade that the endpoint names. */
  readonly cookies: Readonly<Record<string, string>>;
  readonly remoteAddress: string;
  /** Shared by all connections of the user; undefined where nobody is logged in. */
  userRate: TokenBucket | undefined;
  /** Whose rate that is; undefined where nobody is counted. */
  rated: object | undefined;
  /** Set by the router when a login succeeds. */
  user: ConnectedUser | undefined;
  /** Whether direct messages come here. */
  inbox = false;
  /** The newest roster that was pushed here. */
  roster: EventOf<'user_list'> | undefined;
  /** The credentials are good here and wait for the server behind, which has deadlines of its own. */
  awaitsUpstream = false;
  /** Ends the connection when its token does; undefined before login and where nobody vouches for the user. */
  lease: Lease | undefined;

  readonly #host: ConnectionHost;
  readonly #transport: Transport;
  readonly #face: Face<unknown, Event, Command>;
  readonly #receiver: Receiver;
  readonly #output: Output;
  readonly #timers: SessionTimers;
  readonly #heartbeat: Heartbeat;
  /** While something is replayed. */
  #replay: Replay | undefined;
  #loginDeadline: WheelTimer | undefined;
  #replacedDeadline: WheelTimer | undefined;
  /** Ordered commands that are not settled. */
  #holding = 0;
  #inFlight = 0;
  #ready = false;
  #held: Event[] | undefined;
  #ending = false;
  #closed = false;
  #replacedNow = false;
  /** Said once nothing is in flight any more. */
  #goodbye: Event | undefined;
  /** What the session was given last: an example of what it can't say. */
  #subject: unknown;
  // Made at their first use: most connections are idle, and there are many.
  #log: Logger | undefined;
  #rate: TokenBucket | undefined;
  #attendanceRate: TokenBucket | undefined;
  #attending: Set<string> | undefined;
  #confirmation: Confirmation | undefined;
  #lifeSigns: Set<(alive: boolean) => void> | undefined;

  constructor(host: ConnectionHost, endpoint: Endpoint, transport: Transport, upgrade: Upgrade) {
    this.#host = host;
    this.endpoint = endpoint;
    this.#transport = transport;
    this.credentials = upgrade.credentials;
    this.cookies = upgrade.cookies;
    this.remoteAddress = transport.remoteAddress;
    this.id = host.newId();
    // Before any timer is armed: a face that throws must leave nothing behind.
    this.#face = endpoint.openFace({
      id: this.id,
      credentials: upgrade.credentials,
      subprotocol: upgrade.subprotocol,
      identity: endpoint.identity,
      now: host.now,
      newId: host.newId,
    });
    const { limits, heartbeat } = endpoint.config;
    this.#output = new Output(this, transport, this.#face.codec);
    this.#receiver = new Receiver(this, this.#face.codec);
    this.#timers = new SessionTimers(host.wheel, this);
    this.#heartbeat = new Heartbeat(host.wheel, heartbeat, this);
    this.#loginDeadline = host.wheel.arm(limits.beforeLogin.deadline, () => this.#missedLogin());
  }

  get log(): Logger {
    this.#log ??= this.#host.log.child({ connection: this.id, endpoint: this.endpoint.path });
    return this.#log;
  }

  /** Of commands: `limits.rate`. */
  get rate(): TokenBucket {
    this.#rate ??= new TokenBucket(this.endpoint.config.limits.rate, this.#host.wheel.now());
    return this.#rate;
  }

  /** Of joining and subscribing: `limits.rate`, and all of `limits.subscriptions` at once. */
  get attendanceRate(): TokenBucket {
    const { rate, subscriptions } = this.endpoint.config.limits;
    this.#attendanceRate ??= new TokenBucket(
      { perSecond: rate.perSecond, burst: Math.max(rate.burst, subscriptions) },
      this.#host.wheel.now(),
    );
    return this.#attendanceRate;
  }

  /** Keys of the groups and destinations that it attends. */
  get attending(): Set<string> {
    this.#attending ??= new Set();
    return this.#attending;
  }

  get confirmation(): Confirmation {
    this.#confirmation ??= new Confirmation(this, this.#host.store);
    return this.#confirmation;
  }

  get outbox(): Outbox {
    return this.#output.outbox;
  }

  get tracker(): DeliveryTracker {
    return this.confirmation.tracker;
  }

  get isEnding(): boolean {
    return this.#ending || this.#closed;
  }

  /** Whether it was the gateway that ended it: a fault, a kick, a shutdown. */
  get wasEnded(): boolean {
    return this.#ending;
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

  /** Whether enough waits for the peer that whoever has more should wait too. */
  get isCongested(): boolean {
    const { sendBuffer, held } = this.endpoint.config.limits;
    return this.pendingBytes > sendBuffer / 2 || (this.#held?.length ?? 0) > held / 2;
  }

  /** What waits in either direction. */
  get waiting(): Waiting {
    const { size, bytes } = this.#receiver.waiting;
    return {
      inboxMessages: size,
      inboxBytes: bytes,
      commands: this.#inFlight,
      held: (this.#held?.length ?? 0) + (this.#replay?.heldCount ?? 0),
      outboxBytes: this.pendingBytes,
    };
  }

  /** Writes what is queued now instead of at the end of the turn. */
  flush(): void {
    this.outbox.flush();
  }

  /** Says what the dialect says first. Call it once the transport's listeners are attached. */
  open(): void {
    this.#guard(() => this.#face.session.open());
  }

  /** Says why the connection may not be, and ends it: instead of `open`. The error is fatal. */
  refuse(error: GatewayError): void {
    this.fault(error);
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
    this.#receiver.push(data, isBinary);
  }

  pong(unasked = false): void {
    if (this.isEnding) return;
    this.#signOfLife(true);
    this.#timers.touch('received_or_pong');
    if (unasked) {
      this.#heartbeat.alive();
      return;
    }
    if (this.#heartbeat.answered()) this.#confirmation?.ponged();
  }

  drain(): void {
    this.#replay?.drained();
    this.#host.drained(this);
  }

  refused(reason: 'too_large' | 'invalid_payload' | 'protocol_error'): void {
    if (this.isEnding) return;
    this.log.info({ reason }, 'wire message refused');
    if (reason === 'too_large') this.endpoint.metrics.countRefusal('frame');
    // The transport closes with the reason's code; nothing may follow a close frame.
    this.#finish(reason);
  }

  closed(code: number): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stop();
    this.#signOfLife(false);
    this.outbox.clear();
    // 1006: there was no close frame of the client's.
    if (this.#ending && code === 1006) this.endpoint.metrics.uncleanCloses++;
    this.log.debug({ code }, 'connection closed');
    this.#host.closed(this);
  }

  // --- what receiving needs ------------------------------------------------------------------------------

  get isLoggedIn(): boolean {
    return this.user !== undefined;
  }

  get mayReceive(): boolean {
    if (this.#goodbye !== undefined) return false;
    if (this.#holding > 0 || this.#inFlight >= this.endpoint.config.limits.inFlight) return false;
    return this.#host.mayReceive(this);
  }

  /** The frame that is being handled, and the wire message that it came in. */
  get received(): { readonly wire: WireMessage; readonly frame: unknown } | undefined {
    const wire = this.#receiver.current;
    return wire === undefined ? undefined : { wire, frame: this.#subject };
  }

  /** A frame as this connection's codec writes it. */
  encode(frame: unknown): WireMessage {
    return this.#face.codec.encode(frame);
  }

  /** Sends a wire message as it is. */
  pass(wire: WireMessage): void {
    if (!this.isEnding) this.#output.pass(wire);
  }

  /** Goes on with what was received and had to wait. */
  pump(): void {
    this.#receiver.pump();
  }

  frame(frame: unknown): boolean {
    // Something does come of a frame that makes the session throw.
    let isIdle = false;
    this.#subject = frame;
    this.#guard(() => {
      const effects = this.#face.session.receive(frame);
      isIdle = effects.length === 0;
      return effects;
    });
    return !isIdle;
  }

  pause(): void {
    this.#timers.pause();
    this.#heartbeat.pause();
    this.#transport.pause();
  }

  resume(): void {
    this.#timers.resume();
    this.#heartbeat.resume();
    this.#transport.resume();
  }

  /** The peer is answered under the key that it used last. */
  keyUsed(keyId: number): void {
    this.#output.keyUsed(keyId);
  }

  /** Whatever is sent meanwhile goes through the overlay. */
  laid(overlay: (wire: WireMessage) => WireMessage, send: () => void): void {
    this.#output.laid(overlay, send);
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
    if (error.code === 'frame_unknown' && this.#passOn(error)) return;
    this.#countError(error);
    try {
      this.#perform(this.#face.session.fail(error));
    } catch (second) {
      this.log.error({ err: second }, 'session failed while it reported an error');
      this.end('internal', errorText('internal', this.endpoint.config.locale));
    }
    if (error.fatal !== undefined) this.end(error.fatal, errorText(error.code, this.endpoint.config.locale));
  }

  #passOn(error: GatewayError): boolean {
    const wire = this.#receiver.current;
    return wire !== undefined && this.#host.pass(this, wire, error);
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
        this.#output.send(effect.frame);
        return;
      case 'route':
        this.#submit(effect.ref, effect.value);
        return;
      case 'lost':
        this.endpoint.metrics.countLoss(effect.type, effect.fields, this.#subject);
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
    if (this.#inFlight === this.endpoint.config.limits.inFlight) this.endpoint.metrics.stalls++;
    if (isOrdered(command)) this.#holding++;
    let settled = false;
    this.#host.submit(this, command, (outcome) => {
      if (settled) {
        this.log.error({ command: command.type }, 'a command was settled twice');
        return;
      }
      settled = true;
      this.#settle(ref, command, outcome);
    });
  }

  #settle(ref: number, command: Command, outcome: Outcome): void {
    this.#inFlight--;
    if (isOrdered(command)) this.#holding--;
    if (this.isEnding) return;
    if (this.user !== undefined) this.#forgetLoginDeadline();
    if (!outcome.ok) this.#countError(outcome.error);
    this.#guard(() => this.#face.session.settle(ref, outcome));
    if (!outcome.ok && outcome.error.fatal !== undefined) {
      this.end(outcome.error.fatal, errorText(outcome.error.code, this.endpoint.config.locale));
    }
    if (outcome.ok && this.endpoint.policy.replay === 'attend') this.#replayAttended(command);
    if (this.#inFlight === 0 && this.#goodbye !== undefined) this.#sayGoodbye(this.#goodbye);
    this.#receiver.pump();
  }

  #replayAttended(command: Command): void {
    if (this.user === undefined || this.user.anonymous) return;
    if (command.type === 'join_group') this.replay({ conversations: [`group:${command.group}`] });
    if (command.type !== 'subscribe') return;
    if (command.target.type === 'group') this.replay({ conversations: [`group:${command.target.id}`] });
    if (command.target.type === 'user') this.replay({ groups: [] });
  }

  // --- output -------------------------------------------------------------------------------------------

  sent(): void {
    this.#timers.touch('sent');
  }

  /** Offers an event. Before `ready`, and messages during a replay, it is held back. Never throws. */
  offer(event: Event): void {
    if (this.isEnding) return;
    if (this.endpoint.silent.has(event.type)) this.endpoint.metrics.countLoss(event.type, WHOLE, event);
    else if (!this.#ready) this.#hold(event);
    else if (this.#replay?.isRunning === true && this.#replay.holds(event)) this.#replay.hold(event);
    else this.deliver(event);
  }

  #hold(event: Event): void {
    this.endpoint.metrics.held++;
    this.#held ??= [];
    this.#held.push(event);
    if (this.#held.length > this.endpoint.config.limits.held) this.#output.tooSlow('held');
  }

  /** Gives an event to the session now, by the fast path where it can. */
  deliver(event: Event): void {
    if (this.isEnding) return;
    this.endpoint.metrics.events.add(event.type);
    this.#output.isUnhurried = UNHURRIED.has(event.type);
    try {
      const overlay = this.#host.overlays?.get(event);
      const key = overlay === undefined ? this.#face.session.fanoutKey?.(event) : undefined;
      if (overlay !== undefined) this.#output.laid(overlay, () => this.#deliverAlone(event));
      else if (key === undefined) this.#deliverAlone(event);
      else this.#deliverShared(event, key);
    } catch (error) {
      if (event.type === 'message') {
        this.confirmation.failed(event.message);
        this.#host.unsaid(this, event.message);
      }
      this.fault(error);
    } finally {
      this.#output.isUnhurried = false;
    }
  }

  #deliverAlone(event: Event): void {
    const effects = this.#face.session.deliver(event);
    this.#subject = event;
    this.#perform(effects);
    this.#subject = undefined;
    if (event.type !== 'message' || this.isEnding) return;
    const sends = effects.filter((effect) => effect.kind === 'send');
    if (sends.length === 0) {
      this.confirmation.delivered(event, undefined);
      this.#host.unsaid(this, event.message);
    } else if (sends.some(({ confirm }) => confirm === 'dialect'))
      this.confirmation.delivered(event, 'acknowledged');
    else this.confirmation.delivered(event, event.replayed === true ? 'replayed' : 'live');
  }

  #deliverShared(event: Event, key: string): void {
    if (!this.#output.sendKnown(event, key)) {
      this.#output.sendShared(event, key, this.#face.session.deliver(event));
    }
    if (event.type !== 'message' || this.isEnding) return;
    this.confirmation.delivered(event, event.replayed === true ? 'replayed' : 'live');
  }

  /** The dialect's own acknowledgement of a message delivery. False, without `done`, if none waits for it. */
  acknowledge(conversation: string, sequence: number, accepted: boolean, done: () => void): boolean {
    const known = this.confirmation.acknowledge(conversation, sequence, accepted, done);
    if (known) this.#replay?.acknowledged();
    return known;
  }

  /** A ping before long asks whether what was delivered has arrived. */
  askSoon(): void {
    this.#heartbeat.confirmSoon();
  }

  /** Whether the message stays missed by this connection's user until its delivery is confirmed. */
  isMissable(message: Message): boolean {
    return this.user !== undefined && this.#host.isTracked(message, this.user);
  }

  #missedLogin(): void {
    if (this.user !== undefined || this.awaitsUpstream || this.isEnding) return;
    this.endpoint.metrics.countRefusal('login_deadline');
    this.fault(new GatewayError('unauthenticated', { fatal: 'unauthenticated' }));
  }

  // --- from its timers --------------------------------------------------------------------------------------

  expire(timer: string): void {
    this.#guard(() => this.#face.session.expire(timer));
  }

  lost(): void {
    this.log.info('no pong: connection ended');
    if (this.isEnding) return;
    this.#finish('silence');
    this.#transport.terminate();
  }

  ping(): void {
    this.outbox.flush();
    this.#confirmation?.tracker.ask();
    this.#transport.ping();
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
      this.#lifeSigns?.delete(settle);
      answer(alive);
    };
    this.#lifeSigns ??= new Set();
    this.#lifeSigns.add(settle);
    this.#heartbeat.probe();
  }

  #signOfLife(alive: boolean): void {
    const asking = this.#lifeSigns;
    if (asking === undefined) return;
    this.#lifeSigns = undefined;
    for (const settle of asking) settle(alive);
  }

  /** Its user has logged in elsewhere: nothing more is received, and the session says goodbye in its own time. */
  replaced(): void {
    // A session that has closed already needs its socket read: the client's half of the handshake is to come.
    if (this.isEnding) return;
    this.#replacedNow = true;
    this.#receiver.clear();
    this.#replay?.stop();
    this.#transport.pause();
    const { closeTimeout } = this.endpoint.config.limits;
    this.#replacedDeadline = this.#host.wheel.arm(closeTimeout, () => this.end('replaced', ''));
  }

  /** Replays what the user missed, after replays already under way; live messages wait until it is complete. */
  replay(scope: ReplayScope, done?: (outcome: Outcome) => void): void {
    if (this.isEnding || this.#replacedNow) return;
    this.#replay ??= new Replay(this, this.#host.store, this.endpoint.config.limits);
    this.#replay.add(scope, done);
  }

  replayed(): void {
    this.#replay = undefined;
  }

  #becomeReady(): void {
    if (this.#ready) return;
    this.#ready = true;
    this.#host.ready(this);
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const event of held) this.offer(event);
  }

  // --- the end ------------------------------------------------------------------------------------------

  #countError(error: GatewayError): void {
    const { metrics } = this.endpoint;
    add(metrics.errors, error.code);
    if (error.code === 'slow_consumer') metrics.slowConsumers++;
    if (error.code === 'internal') this.log.error({ err: error }, 'internal error');
    else this.log.debug({ code: error.code, detail: error.detail }, 'error answered');
  }

  /**
   * The gateway is going away: nothing more is received, what was accepted is settled, then the session says
   * goodbye and the connection ends. `now`: without waiting for what is in flight.
   */
  retire(goodbye: Event, now = false): void {
    if (this.isEnding) return;
    this.#goodbye = goodbye;
    if (now || this.#inFlight === 0) this.#sayGoodbye(goodbye);
  }

  #sayGoodbye(goodbye: Event): void {
    this.deliver(goodbye);
    this.end('shutting_down', errorText('shutting_down', this.endpoint.config.locale));
  }

  /** Ends the connection after what was said so far. Only the first call counts. */
  end(reason: CloseReason, text: string): void {
    if (this.isEnding) return;
    this.#finish(reason);
    this.log.debug({ reason }, 'ending the connection');
    try {
      this.outbox.flush();
      this.#transport.close(this.endpoint.closeCode(reason), cutCloseText(text));
    } catch (error) {
      this.log.error({ err: error }, 'a transport could not be closed');
      this.#transport.terminate();
    }
  }

  /** From here on nothing is received, said or timed; the transport's `closed` is still to come. */
  #finish(reason: CloseReason): void {
    this.#ending = true;
    add(this.endpoint.metrics.closes, reason);
    this.#stop();
  }

  #stop(): void {
    const { wheel } = this.#host;
    this.#forgetLoginDeadline();
    this.lease?.stop();
    if (this.#replacedDeadline !== undefined) wheel.cancel(this.#replacedDeadline);
    this.#timers.stop();
    this.#heartbeat.stop();
    this.#replay?.stop();
    this.#receiver.clear();
    this.#held = undefined;
  }

  #forgetLoginDeadline(): void {
    if (this.#loginDeadline !== undefined) this.#host.wheel.cancel(this.#loginDeadline);
    this.#loginDeadline = undefined;
  }

  terminate(): void {
    this.#transport.terminate();
  }
}
