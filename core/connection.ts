/**
 * One connection, made of its parts: what it has received, what it wants, what it is told, its timers, its end. Its
 * session is called by `dialogue.ts` alone, and its transport is written to by `outbox.ts` alone.
 */
import type { Command } from '../schemas/command.ts';
import type { Event } from '../schemas/event.ts';
import { type CloseReason, cutCloseText } from './close.ts';
import type { ConnectionHost, Upgrade } from './connection-host.ts';
import { Deliveries } from './deliveries.ts';
import type { Outcome, TimerRestart, WireMessage } from './dialect.ts';
import { Dialogue } from './dialogue.ts';
import type { Endpoint } from './endpoint.ts';
import { errorText, GatewayError } from './errors.ts';
import { Heartbeat } from './heartbeat.ts';
import { add } from './metrics.ts';
import type { Outbox } from './outbox.ts';
import { Output } from './output.ts';
import { Participant } from './participant.ts';
import type { Waiting } from './queue-metrics.ts';
import { Receiver } from './receiver.ts';
import { SessionTimers } from './session-timers.ts';
import { Submissions } from './submissions.ts';
import type { WheelTimer } from './timer-wheel.ts';
import type { Transport, TransportListener } from './transport.ts';

export class Connection extends Participant implements TransportListener {
  /** What it is told of events. */
  readonly deliveries: Deliveries;
  readonly #transport: Transport;
  readonly #dialogue: Dialogue;
  readonly #receiver: Receiver;
  readonly #submissions: Submissions;
  readonly #output: Output;
  readonly #timers: SessionTimers;
  readonly #heartbeat: Heartbeat;
  #loginDeadline: WheelTimer | undefined;
  #replacedDeadline: WheelTimer | undefined;
  #ending = false;
  #closed = false;
  #replacedNow = false;

  constructor(host: ConnectionHost, endpoint: Endpoint, transport: Transport, upgrade: Upgrade) {
    super(host, endpoint, transport.remoteAddress, upgrade);
    this.#transport = transport;
    // Before any timer is armed: a face that throws must leave nothing behind.
    const { codec, session } = endpoint.openFace(this);
    const { limits, heartbeat } = endpoint.config;
    this.#output = new Output(this, transport, codec);
    this.#dialogue = new Dialogue(this, session, this.#output);
    this.deliveries = new Deliveries(this, host, this.#dialogue, this.#output);
    this.#receiver = new Receiver(this, codec);
    this.#submissions = new Submissions(this);
    this.#timers = new SessionTimers(host.wheel, this.#dialogue);
    this.#heartbeat = new Heartbeat(host.wheel, heartbeat, this);
    this.#loginDeadline = host.wheel.arm(limits.beforeLogin.deadline, () => this.#missedLogin());
  }

  get outbox(): Outbox {
    return this.#output.outbox;
  }

  get isEnding(): boolean {
    return this.#ending || this.#closed;
  }

  /** Whether it was the gateway that ended it: a fault, a kick, a shutdown. */
  get wasEnded(): boolean {
    return this.#ending;
  }

  /** Bytes on their way to the peer. */
  get pendingBytes(): number {
    return this.outbox.pendingBytes;
  }

  /** What waits in either direction. */
  get waiting(): Waiting {
    const { size, bytes } = this.#receiver.waiting;
    return {
      inboxMessages: size,
      inboxBytes: bytes,
      commands: this.#submissions.count,
      held: this.deliveries.heldCount,
      outboxBytes: this.pendingBytes,
    };
  }

  /** Whether a command, such as the login that came with the upgrade, has no outcome yet. */
  get awaitsOutcome(): boolean {
    return this.#submissions.count > 0;
  }

  /** Writes what is queued now instead of at the end of the turn. */
  flush(): void {
    this.outbox.flush();
  }

  /** Says what the dialect says first. Call it once the transport's listeners are attached. */
  open(): void {
    this.#dialogue.open();
  }

  // --- from the transport -------------------------------------------------------------------------------

  message(data: Uint8Array, isBinary: boolean): void {
    if (this.isEnding || this.#replacedNow) return;
    const { metrics } = this.endpoint;
    metrics.wireMessagesIn++;
    metrics.bytesIn += data.length;
    this.#timers.touch('received');
    this.#heartbeat.alive();
    this.#receiver.push(data, isBinary);
  }

  pong(unasked = false): void {
    if (this.isEnding) return;
    this.#timers.touch('received_or_pong');
    if (unasked) this.#heartbeat.alive();
    else if (this.#heartbeat.answered()) this.deliveries.answered();
  }

  drain(): void {
    this.deliveries.drained();
    this.host.drained(this);
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
    this.#heartbeat.gone();
    this.outbox.clear();
    // 1006: there was no close frame of the client's.
    if (this.#ending && code === 1006) this.endpoint.metrics.uncleanCloses++;
    this.log.debug({ code }, 'connection closed');
    this.host.closed(this);
  }

  // --- what receiving needs ------------------------------------------------------------------------------

  get mayReceive(): boolean {
    return this.#submissions.areOpen && this.host.mayReceive(this);
  }

  /** The frame that is being handled, and the wire message that it came in. */
  get received(): { readonly wire: WireMessage; readonly frame: unknown } | undefined {
    const wire = this.#receiver.current;
    return wire === undefined ? undefined : { wire, frame: this.#dialogue.subject };
  }

  /** A frame as this connection's codec writes it. */
  encode(frame: unknown): WireMessage {
    return this.#output.wireOf(frame);
  }

  /** Sends a wire message as it is. */
  pass(wire: WireMessage): void {
    this.leaveBurst();
    if (!this.isEnding) this.#output.pass(wire);
  }

  /** Goes on with what was received and had to wait. */
  pump(): void {
    this.#receiver.pump();
  }

  frame(frame: unknown): boolean {
    return this.#dialogue.receive(frame);
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
    this.leaveBurst();
    this.#output.keyUsed(keyId);
  }

  /** Whatever is sent meanwhile goes through the overlay. */
  laid(overlay: (wire: WireMessage) => WireMessage, send: () => void): void {
    this.#output.laid(overlay, send);
  }

  // --- what its session wants -----------------------------------------------------------------------------

  /** Whatever goes wrong on its account: the session says so, and the connection ends if it is fatal. */
  fault(thrown: unknown): void {
    this.#dialogue.fault(thrown);
  }

  passOn(error: GatewayError): boolean {
    const wire = this.#receiver.current;
    return wire !== undefined && this.host.pass(this, wire, error);
  }

  /** What it was told together with others comes before whatever happens to it now. That may end it. */
  leaveBurst(): void {
    this.endpoint.burst?.release(this);
  }

  setTimer(name: string, afterMs: number | null, restart: TimerRestart | undefined): void {
    this.#timers.set(name, afterMs, restart);
  }

  becomeReady(): void {
    this.deliveries.begin(() => {
      this.forgetCredentials();
      this.host.ready(this);
    });
  }

  submit(ref: number, command: Command): void {
    this.#submissions.submit(ref, command);
  }

  route(command: Command, done: (outcome: Outcome) => void): void {
    this.host.submit(this, command, done);
  }

  settled(ref: number, command: Command, outcome: Outcome): void {
    if (this.isEnding) return;
    if (this.user !== undefined) this.#forgetLoginDeadline();
    this.#dialogue.settle(ref, outcome);
    if (outcome.ok) this.deliveries.attended(command);
    this.#sayGoodbyeIfIdle();
    this.#receiver.pump();
  }

  // --- what it is told ----------------------------------------------------------------------------------

  sent(): void {
    this.#timers.touch('sent');
  }

  /** A ping before long asks whether what was delivered has arrived. */
  askSoon(): void {
    this.#heartbeat.confirmSoon();
  }

  #missedLogin(): void {
    if (this.user !== undefined || this.awaitsUpstream || this.isEnding) return;
    this.endpoint.metrics.countRefusal('login_deadline');
    this.fault(new GatewayError('unauthenticated', { fatal: 'unauthenticated' }));
  }

  // --- from its timers --------------------------------------------------------------------------------------

  lost(): void {
    this.log.info('no pong: connection ended');
    if (this.isEnding) return;
    this.#finish('silence');
    this.#transport.terminate();
  }

  ping(): void {
    this.outbox.flush();
    this.deliveries.asked();
    this.#transport.ping();
  }

  /** Asks for a sign of life and tells whether one came within `withinMs`; a closed connection is not alive. */
  whetherAlive(withinMs: number, answer: (alive: boolean) => void): void {
    this.#heartbeat.whetherAlive(withinMs, answer);
  }

  /** Its user has logged in elsewhere: nothing more is received, and the session says goodbye in its own time. */
  replaced(): void {
    // A session that has closed already needs its socket read: the client's half of the handshake is to come.
    if (this.isEnding) return;
    this.#replacedNow = true;
    this.#receiver.clear();
    this.deliveries.stopReplay();
    this.#transport.pause();
    const { closeTimeout } = this.endpoint.config.limits;
    this.#replacedDeadline = this.host.wheel.arm(closeTimeout, () => this.end('replaced', ''));
  }

  // --- the end ------------------------------------------------------------------------------------------

  /**
   * The gateway is going away: nothing more is received, what was accepted is settled, then the session says
   * goodbye and the connection ends. `now`: without waiting for what is in flight.
   */
  retire(goodbye: Event, now = false): void {
    if (this.isEnding) return;
    this.#submissions.goodbye = goodbye;
    if (now) this.#sayGoodbye(goodbye);
    else this.#sayGoodbyeIfIdle();
  }

  #sayGoodbyeIfIdle(): void {
    const { goodbye, count } = this.#submissions;
    if (goodbye !== undefined && count === 0) this.#sayGoodbye(goodbye);
  }

  #sayGoodbye(goodbye: Event): void {
    this.deliveries.deliver(goodbye);
    this.end('shutting_down', errorText('shutting_down', this.endpoint.config.locale));
  }

  /** Ends the connection after what was said so far. Only the first call counts. */
  end(reason: CloseReason, text: string): void {
    this.leaveBurst();
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
    const { wheel } = this.host;
    this.#forgetLoginDeadline();
    this.lease?.stop();
    if (this.#replacedDeadline !== undefined) wheel.cancel(this.#replacedDeadline);
    this.#timers.stop();
    this.#heartbeat.stop();
    this.deliveries.stop();
    this.#receiver.clear();
  }

  #forgetLoginDeadline(): void {
    if (this.#loginDeadline !== undefined) this.host.wheel.cancel(this.#loginDeadline);
    this.#loginDeadline = undefined;
  }

  terminate(): void {
    this.#transport.terminate();
  }
}
