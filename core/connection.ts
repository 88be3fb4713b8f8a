/**
 * One connection, made of its parts: what it has received, what it wants, what it is told, its timers, its departure.
 * Here they meet: its session is called by `dialogue.ts` alone, and its transport is written to by `outbox.ts` alone.
 */
import type { Command } from '../schemas/command.ts';
import type { Event } from '../schemas/event.ts';
import { LoginDeadline } from './auth/login-deadline.ts';
import type { CloseReason } from './close.ts';
import type { ConnectionHost, Upgrade } from './connection-host.ts';
import { Deliveries } from './deliveries.ts';
import { Departure } from './departure.ts';
import type { Outcome, TimerRestart, WireMessage } from './dialect.ts';
import { Dialogue } from './dialogue.ts';
import type { Endpoint } from './endpoint.ts';
import type { GatewayError } from './errors.ts';
import { Heartbeat } from './heartbeat.ts';
import { Output } from './output.ts';
import { Participant } from './participant.ts';
import type { Waiting } from './queue-metrics.ts';
import { Receiver } from './receiver.ts';
import { SessionTimers } from './session-timers.ts';
import { Submissions } from './submissions.ts';
import type { Transport, TransportListener } from './transport.ts';

export class Connection extends Participant implements TransportListener {
  /** What it is told of events. */
  readonly deliveries: Deliveries;
  readonly #transport: Transport;
  readonly #output: Output;
  readonly #submissions: Submissions;
  readonly #dialogue: Dialogue;
  readonly #receiver: Receiver;
  readonly #timers: SessionTimers;
  readonly #heartbeat: Heartbeat;
  #loginDeadline: LoginDeadline | undefined;
  /** From the first word on that it should go. */
  #departure: Departure | undefined;

  constructor(host: ConnectionHost, endpoint: Endpoint, transport: Transport, upgrade: Upgrade) {
    super(host, endpoint, transport.remoteAddress, upgrade);
    this.#transport = transport;
    // Before any timer is armed: a face that throws must leave nothing behind.
    const { codec, session } = endpoint.openFace(this);
    this.#output = new Output(this, transport, codec);
    this.#submissions = new Submissions(this);
    this.#dialogue = new Dialogue(this, session, this.#output, this.#submissions);
    this.deliveries = new Deliveries(this, host, this.#dialogue, this.#output);
    this.#receiver = new Receiver(this, codec, this.#dialogue);
    this.#timers = new SessionTimers(host.wheel, this.#dialogue);
    this.#heartbeat = new Heartbeat(host.wheel, endpoint.config.heartbeat, this);
    this.#loginDeadline = new LoginDeadline(this, host.wheel);
  }

  /** Says what the dialect says first. Call it once the transport's listeners are attached. */
  open(): void {
    this.#dialogue.open();
  }

  // --- from the transport -------------------------------------------------------------------------------

  message(data: Uint8Array, isBinary: boolean): void {
    if (this.#departure?.isDeaf === true) return;
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
    this.#departing.refused(reason);
  }

  closed(code: number): void {
    if (!this.#departing.closed(code)) return;
    this.#heartbeat.gone();
    this.#output.outbox.clear();
    this.host.closed(this);
  }

  // --- what it receives and says ------------------------------------------------------------------------

  /** Whether the client may say more, as far as this side is concerned. */
  get takesCommands(): boolean {
    return this.#departure === undefined && this.#submissions.areOpen;
  }

  /** Whether the next frame may be handled: a server behind may have to be ready for it too. */
  get mayReceive(): boolean {
    return this.takesCommands && this.host.mayReceive(this);
  }

  /** The frame that is being handled, and the wire message that it came in. */
  get received(): { readonly wire: WireMessage; readonly frame: unknown } | undefined {
    const wire = this.#receiver.current;
    return wire === undefined ? undefined : { wire, frame: this.#dialogue.subject };
  }

  /** Goes on with what was received and had to wait. */
  pump(): void {
    this.#receiver.pump();
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

  /** A frame as this connection's codec writes it. */
  encode(frame: unknown): WireMessage {
    return this.#output.wireOf(frame);
  }

  /** Sends a wire message as it is. */
  pass(wire: WireMessage): void {
    this.leaveBurst();
    if (!this.isEnding) this.#output.pass(wire);
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

  sent(): void {
    this.#timers.touch('sent');
  }

  /** Writes what is queued now instead of at the end of the turn. */
  flush(): void {
    this.#output.outbox.flush();
  }

  /** What it was told together with others comes before whatever happens to it now. That may end it. */
  leaveBurst(): void {
    this.endpoint.burst?.release(this);
  }

  // --- what its session wants ---------------------------------------------------------------------------

  /** Whatever goes wrong on its account: the session says so, and the connection ends if it is fatal. */
  fault(thrown: unknown): void {
    this.#dialogue.fault(thrown);
  }

  passOn(error: GatewayError): boolean {
    const wire = this.#receiver.current;
    return wire !== undefined && this.host.pass(this, wire, error);
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

  route(command: Command, done: (outcome: Outcome) => void): void {
    this.host.submit(this, command, done);
  }

  settled(ref: number, command: Command, outcome: Outcome): void {
    if (this.isEnding) return;
    if (this.isLoggedIn) this.#forgetLoginDeadline();
    this.#dialogue.settle(ref, outcome);
    if (outcome.ok) this.deliveries.attended(command);
    this.#departure?.settled();
    this.#receiver.pump();
  }

  // --- whether it is there ------------------------------------------------------------------------------

  ping(): void {
    this.flush();
    this.deliveries.asked();
    this.#transport.ping();
  }

  /** A ping before long asks whether what was delivered has arrived. */
  askSoon(): void {
    this.#heartbeat.confirmSoon();
  }

  /** Asks for a sign of life and tells whether one came within `withinMs`; a closed connection is not alive. */
  whetherAlive(withinMs: number, answer: (alive: boolean) => void): void {
    this.#heartbeat.whetherAlive(withinMs, answer);
  }

  // --- what waits in it -----------------------------------------------------------------------------------

  /** Bytes on their way to the peer. */
  get pendingBytes(): number {
    return this.#output.outbox.pendingBytes;
  }

  /** Whether a command, such as the login that came with the upgrade, has no outcome yet. */
  get awaitsOutcome(): boolean {
    return this.#submissions.count > 0;
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

  // --- the end ------------------------------------------------------------------------------------------

  get isEnding(): boolean {
    return this.#departure?.isEnding === true;
  }

  /** Whether it was the gateway that ended it: a fault, a kick, a shutdown. */
  get wasEnded(): boolean {
    return this.#departure?.wasEnded === true;
  }

  get #departing(): Departure {
    this.#departure ??= new Departure(this, this.deliveries, this.#transport, this.host.wheel);
    return this.#departure;
  }

  /** Its user has logged in elsewhere: nothing more is received, and the session says goodbye in its own time. */
  replaced(): void {
    // A session that has closed already needs its socket read: the client's half of the handshake is to come.
    if (this.isEnding) return;
    this.#receiver.clear();
    this.deliveries.stopReplay();
    this.#departing.replaced();
  }

  /** The gateway is going away: nothing more is received, and the session says goodbye. `now`: without waiting. */
  retire(goodbye: Event, now = false): void {
    this.#departing.retire(goodbye, now);
  }

  /** Ends the connection after what was said so far. Only the first call counts. */
  end(reason: CloseReason, text: string): void {
    this.#departing.end(reason, text);
  }

  lost(): void {
    this.#departing.lost();
  }

  terminate(): void {
    this.#transport.terminate();
  }

  stop(): void {
    this.#forgetLoginDeadline();
    this.lease?.stop();
    this.#timers.stop();
    this.#heartbeat.stop();
    this.deliveries.stop();
    this.#receiver.clear();
  }

  #forgetLoginDeadline(): void {
    if (this.#loginDeadline !== undefined) this.host.wheel.cancel(this.#loginDeadline);
    this.#loginDeadline = undefined;
  }
}
