/**
 * One client's way to the server behind: a connection to it at a time, a new one when it is lost, and all that
 * must survive the change. Commands go up in order, each is settled exactly once and never as more than the
 * server has said; events come down in order, none twice.
 */
import type { Logger } from 'pino';
import type { Command } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { Message, User } from '../../schemas/model.ts';
import type { Result, ResultOf } from '../../schemas/outcome.ts';
import type { Attempt } from '../circuit-breaker.ts';
import { DONE } from '../commands/settlement.ts';
import type { DeliveryPolicy, Outcome, WireMessage } from '../dialect.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import { add } from '../metrics.ts';
import type { TimerWheel } from '../timer-wheel.ts';
import { AnswerWatch } from './answer-watch.ts';
import { UpstreamAttendance } from './attendance.ts';
import { type Asked, Correlation } from './correlation.ts';
import { Incoming } from './incoming.ts';
import type { Applicant } from './login.ts';
import { named } from './named.ts';
import { Reconnection } from './reconnection.ts';
import { gone, refuse, unanswered, unreachable, withEnd } from './refusals.ts';
import { completed } from './results.ts';
import { type Besides, type Errand, sizeOf } from './spool.ts';
import type { Upstream } from './upstream.ts';
import {
  type Received,
  type UpstreamEnd,
  type UpstreamListener,
  UpstreamSession,
} from './upstream-session.ts';
import { WaitingRoom } from './waiting-room.ts';

/** The client's side. */
export interface LinkClient {
  readonly id: string;
  readonly policy: DeliveryPolicy;
  /** Whether so much waits for the client already that more should wait. */
  readonly isCongested: boolean;
  /** Makes the ids of an event's people sayable; undefined if they are. */
  prepare(event: Event): Promise<void> | undefined;
  /** Let in, for the first time; `self` as the server knows the client, if it says so. */
  up(self: User | undefined): void;
  event(event: Event, received: Received | undefined): void;
  /** The answer to a command: `say` says it, `received` is what the server said, `ok` whether it has done it. */
  answer(received: Received | undefined, ok: boolean, say: () => void): void;
  /** Whether what the server's codec does not know can be handed on. */
  passes(error: GatewayError): boolean;
  pass(wire: WireMessage): void;
  lost(type: string, fields: readonly string[], value: unknown): void;
  /** More can be taken from the client. */
  pump(): void;
  /** There is no going on. */
  ended(error: GatewayError): void;
}

export interface LinkParts {
  readonly upstream: Upstream;
  readonly applicant: Applicant;
  readonly namespace: string;
  readonly client: LinkClient;
  readonly wheel: TimerWheel;
  readonly log: Logger;
  readonly closeTimeoutMs: number;
  now(): number;
  newId(): string;
  /** From 0 to 1. */
  random(): number;
}

/** Commands that may be said again although they may have been heard. */
const REPEATABLE: ReadonlySet<Command['type']> = new Set([
  'join_group',
  'leave_group',
  'subscribe',
  'unsubscribe',
  'list_users',
  'mark_read',
  'sync',
]);

export class Link implements UpstreamListener {
  readonly #parts: LinkParts;
  readonly #asked = new Correlation();
  readonly #attendance: UpstreamAttendance;
  readonly #waiting: WaitingRoom;
  readonly #answers: AnswerWatch;
  readonly #reconnection: Reconnection;
  readonly incoming: Incoming;
  #applicant: Applicant;
  #session: UpstreamSession | undefined;
  #attempt: Attempt | undefined;
  #self: User | undefined;
  /** Whether commands may go up: the server has let us in and what was attended is attended again. */
  #open = false;
  #wasUp = false;
  #over = false;
  #preparing = 0;
  /** Whether the server has let us in, and since when, monotonic ms. */
  #ready = false;
  #readyAt = 0;
  #farewells: ((outcome: Outcome) => void)[] = [];
  #clientHeld = false;
  /** What joining for the client at its login gave. */
  readonly joinedAtLogin: ResultOf<'joined'>[] = [];

  constructor(parts: LinkParts) {
    const { upstream, client, applicant, wheel, random } = parts;
    const { config, metrics } = upstream;
    this.#parts = parts;
    this.#applicant = applicant;
    this.#self = applicant.user;
    this.#attendance = new UpstreamAttendance(client.policy, upstream.policy);
    this.#waiting = new WaitingRoom(config.spool, wheel, metrics, () => this.#sayFarewells());
    this.#reconnection = new Reconnection(config.reconnect, wheel, random);
    this.#answers = new AnswerWatch({
      asked: this.#asked,
      wheel,
      answerTimeout: config.answerTimeout,
      isPaused: () => this.#session?.isPaused === true,
      overdue: (asked) => this.#overdue(asked),
      silent: () => this.#session?.fail('no_answer'),
    });
    this.incoming = new Incoming({
      client,
      upstream,
      attendance: this.#attendance,
      isSelf: (userId) => userId === this.#self?.id,
      sendOf: (message) => this.#asked.sendOf(message) ?? this.#waiting.sendOf(message),
      blocked: () => this.#pauseServer(),
      free: () => this.#resumeServer(),
    });
  }

  /** Connects for the first time; `client.up` or `client.ended` follows. */
  start(): void {
    this.#connect();
  }

  /** The client has newer credentials, for the next connection. */
  renew(credentials: Applicant['credentials']): void {
    this.#applicant = { ...this.#applicant, credentials };
  }

  get self(): User | undefined {
    return this.#self;
  }

  /** How many groups and destinations are attended. */
  get attending(): number {
    return this.#attendance.size;
  }

  /** Whether the client's next command can be taken. */
  get mayReceive(): boolean {
    const { limits } = this.#parts.upstream.config;
    const pending = this.#session?.pendingBytes ?? 0;
    const may = pending <= limits.buffer && this.#asked.size < limits.inFlight;
    if (!may && !this.#clientHeld) this.#parts.upstream.metrics.clientPauses++;
    this.#clientHeld = !may;
    return may;
  }

  /** A command of the client's; `done` exactly once. */
  submit(command: Command, done: (outcome: Outcome) => void, besides?: Besides): void {
    const { metrics } = this.#parts.upstream;
    if (command.type === 'disconnect') {
      this.#farewells.push(done);
      this.#sayFarewells();
      return;
    }
    if (this.#over) {
      done(unreachable());
      return;
    }
    add(metrics.commands, command.type);
    const known = this.#attendance.knownResult(command);
    if (known !== undefined) {
      this.#attendance.granted(command);
      done({ ok: true, result: known });
      return;
    }
    const errand = this.#errand(command, done, besides);
    if (this.#open && this.#waiting.size === 0) this.#ask(errand);
    else this.#waiting.enter(errand);
  }

  #errand(command: Command, done: (outcome: Outcome) => void, besides?: Besides): Errand {
    const { wheel, newId, upstream } = this.#parts;
    const said = named(command, this.#self?.id, upstream.config.resend ? newId : undefined);
    const bytes = sizeOf(said) + (besides?.bytes ?? 0);
    return { command: said, bytes, at: wheel.now(), done, overlay: besides?.overlay };
  }

  /** Hands the server a wire message as it is. False while it is not there. */
  passUp(wire: WireMessage): boolean {
    if (!this.#open || this.#session === undefined) return false;
    this.#parts.upstream.metrics.passed++;
    this.#session.pass(wire);
    return true;
  }

  /** As the server's face would encode a frame; undefined while there is none. */
  encode(frame: unknown): WireMessage | undefined {
    return this.#session?.encode(frame);
  }

  /** The client is gone. */
  close(): void {
    if (this.#over) return;
    this.#finish();
    this.#leave();
    this.#parts.upstream.metrics.spoolAbandoned += this.#waiting.size;
    this.#failAll();
  }

  // --- the connection -----------------------------------------------------------------------------------

  #connect(): void {
    const { upstream, log } = this.#parts;
    const attempt = upstream.breaker.enter();
    if (attempt === undefined) {
      add(upstream.metrics.failures, 'breaker_open');
      this.#failed(undefined);
      return;
    }
    upstream
      .logins(this.#applicant)
      .then(
        (login) => {
          if (this.#over) {
            attempt.abandoned();
            return;
          }
          const { wheel, newId, now, closeTimeoutMs } = this.#parts;
          const parts = { id: newId(), upstream, login, wheel, log, closeTimeoutMs, now, newId };
          this.#attempt = attempt;
          this.#session = new UpstreamSession({ ...parts, listener: this });
        },
        (error: unknown) => {
          add(upstream.metrics.failures, 'exchange_failed');
          // The server itself was not asked.
          attempt.abandoned();
          if (this.#over) return;
          const refusal = toGatewayError(error);
          log.warn({ code: refusal.code, err: refusal.cause }, 'no login for the server behind');
          this.#failed(refusal.code === 'upstream_unavailable' ? undefined : refusal);
        },
      )
      .catch((error: unknown) => {
        log.error({ err: error }, 'the upstream connection could not be made');
        attempt.abandoned();
        this.#end(new GatewayError('internal', { cause: error }));
      });
  }

  ready(): void {
    const { upstream, wheel } = this.#parts;
    const { metrics } = upstream;
    this.#attempt?.succeeded();
    metrics.opened++;
    metrics.connected++;
    if (this.#wasUp) metrics.reconnected++;
    this.#ready = true;
    this.#readyAt = wheel.now();
    this.#answers.answered();
    const again = this.#wasUp
      ? this.#attendance.again
      : this.#attendance.atLogin(upstream.config.attend, this.#self?.id);
    // One more than there are, so that none of them opens the way before all have been asked.
    this.#preparing = again.length + 1;
    for (const command of again) {
      const done = (outcome: Outcome): void => this.#prepared(command, outcome);
      this.#ask({ ...this.#errand(command, done), bytes: 0, isOurs: true });
    }
    this.#prepared(undefined, DONE);
  }

  #prepared(command: Command | undefined, outcome: Outcome): void {
    if (outcome.ok && outcome.result.type === 'joined' && !this.#wasUp) {
      this.joinedAtLogin.push(outcome.result);
    }
    // What it has no words for is counted as lost.
    if (!outcome.ok && outcome.error.code !== 'unsupported') {
      const { code } = outcome.error;
      this.#parts.log.warn({ command, code }, 'the server behind does not let this be attended');
    }
    if (!outcome.ok && outcome.error.code === 'already_joined' && this.#wasUp) {
      // The connection that was lost is still there for the server: until it is not, the client would hear nothing.
      this.#session?.fail('closed');
      return;
    }
    if (--this.#preparing > 0 || this.#session?.isReady !== true) return;
    this.#open = true;
    this.#reconnection.up();
    if (!this.#wasUp) {
      this.#wasUp = true;
      this.#parts.client.up(this.#self);
    }
    this.#sendWaiting();
    this.#parts.client.pump();
  }

  ended({ failure, error }: UpstreamEnd): void {
    const { metrics } = this.#parts.upstream;
    const wasReady = this.#ready;
    this.#ready = false;
    this.#session = undefined;
    this.#open = false;
    this.incoming.orphan();
    if (wasReady) {
      metrics.connected--;
      this.#reconnection.lost(this.#readyAt);
    } else if (failure === 'login_refused') {
      this.#attempt?.succeeded();
    } else {
      this.#attempt?.failed();
    }
    if (this.#over) return;
    if (error === undefined) this.#returnAsked();
    this.#failed(error);
  }

  /** No connection now: the next one later, or never. */
  #failed(error: GatewayError | undefined): void {
    if (error !== undefined) this.#end(withEnd(error));
    else if (!this.#wasUp || !this.#reconnection.schedule(() => this.#connect())) this.#end(gone());
  }

  /** What was asked and not answered: said again where that does no harm, else its sender hears that nobody knows. */
  #returnAsked(): void {
    const { metrics, config } = this.#parts.upstream;
    const refused: Errand[] = [];
    for (const { errand, ...asked } of this.#asked.takeAll()) {
      const { command } = errand;
      // The next connection asks for it in any case.
      if (errand.isOurs === true) continue;
      const sent = asked.sent || errand.wasSent === true;
      const isKnown = command.type === 'send_message' && command.clientId !== undefined && config.resend;
      const again = !sent || isKnown || REPEATABLE.has(command.type);
      const returned = { ...errand, wasSent: sent, echo: asked.echo };
      if (!again || !this.#wasUp || !this.#waiting.take(returned)) refused.push(returned);
    }
    metrics.unanswered += refused.length;
    // An answer may bring the client's next command, which comes after all of these.
    for (const errand of refused) refuse(errand);
    this.#sayFarewells();
    this.#parts.client.pump();
  }

  #end(error: GatewayError): void {
    if (this.#over) return;
    this.#finish();
    this.#leave();
    // A dialect may have words for one end only: whoever must not come back has to hear of that one.
    const comesBack = error.fatal === 'upstream_unavailable';
    if (!comesBack) this.#parts.client.ended(error);
    this.#failAll();
    if (comesBack) this.#parts.client.ended(error);
  }

  #leave(): void {
    const { metrics } = this.#parts.upstream;
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) return;
    if (this.#ready) metrics.connected--;
    else this.#attempt?.abandoned();
    this.#ready = false;
    session.leave();
  }

  #finish(): void {
    this.#over = true;
    this.#open = false;
    this.#reconnection.stop();
    this.#answers.stop();
    this.#waiting.stop();
    this.incoming.clear();
  }

  #failAll(): void {
    for (const { errand, sent } of this.#asked.takeAll()) {
      refuse({ ...errand, wasSent: sent || errand.wasSent === true });
    }
    this.#waiting.close();
    this.#sayFarewells();
  }

  // --- commands -----------------------------------------------------------------------------------------

  #ask(errand: Errand): void {
    const { wheel, upstream } = this.#parts;
    const { ref, asked } = this.#asked.add(errand, wheel.now());
    if (errand.wasSent === true) upstream.metrics.resent++;
    this.#answers.watch();
    if (this.#session?.deliver(errand.command, ref, errand.overlay) === true) asked.sent = true;
  }

  /** In order, even if an answer brings the client's next command: as long as one waits, others wait behind it. */
  #sendWaiting(): void {
    while (this.#open) {
      const next = this.#waiting.next();
      if (next === undefined) break;
      this.#ask(next);
    }
  }

  sent(ref: number): void {
    const asked = this.#asked.get(ref);
    if (asked !== undefined) asked.sent = true;
  }

  settled(ref: number, outcome: Outcome, answer: Received | undefined): void {
    const { client } = this.#parts;
    if (answer !== undefined) this.#answers.answered();
    const asked = this.#asked.take(ref);
    if (asked === undefined) return;
    client.answer(answer, outcome.ok, () => this.#told(asked, outcome));
    this.#sayFarewells();
    if (this.mayReceive) client.pump();
  }

  #told(asked: Asked, outcome: Outcome): void {
    const { command, done } = asked.errand;
    if (!outcome.ok) {
      done(outcome);
      return;
    }
    const result = this.#resultOf(asked, outcome.result);
    this.#attendance.granted(command);
    // Before the sender is told, as others hear of it.
    if (result.type === 'stored') this.incoming.tellOwn(result.message, result.duplicate);
    if (result.type === 'batch_stored') {
      for (const { message, duplicate } of result.stored) this.incoming.tellOwn(message, duplicate);
    }
    if (command.type === 'join_group' || command.type === 'leave_group') this.incoming.flow();
    done({ ok: true, result });
  }

  #resultOf({ errand, echo }: Asked, given: Result): Result {
    const { now, newId, namespace } = this.#parts;
    const self = this.#self ?? { namespace, id: 'self', name: 'self' };
    const result = completed(errand.command, given, { self, now, newId });
    if (result.type !== 'stored') return result;
    const clientId = errand.command.type === 'send_message' ? errand.command.clientId : undefined;
    // What the server's own copy says of the message is more than its sender knew.
    const said: Message = { ...(echo ?? result.message), ...(clientId === undefined ? {} : { clientId }) };
    // It may have been shown already, by a copy that came after nobody knew what had become of it.
    const { message, isKnown } = this.incoming.placed(said);
    return { ...result, duplicate: result.duplicate || isKnown, message };
  }

  #overdue({ errand }: Asked): void {
    this.#parts.upstream.metrics.unanswered++;
    errand.done(unanswered(errand.command));
    this.#sayFarewells();
  }

  #sayFarewells(): void {
    if (this.#asked.size > 0 || this.#waiting.size > 0) return;
    for (const done of this.#farewells.splice(0)) done(DONE);
  }

  // --- events -------------------------------------------------------------------------------------------

  event(event: Event, settle: (outcome: Outcome) => void, received: Received | undefined): void {
    add(this.#parts.upstream.metrics.events, event.type);
    switch (event.type) {
      case 'authenticated':
        this.#self = event.user;
        settle(DONE);
        return;
      case 'going_away':
        // The server comes back or it does not: the client stays, as long as it may.
        settle(DONE);
        return;
      case 'session_replaced':
        settle(DONE);
        this.#parts.client.event(event, received);
        this.#end(new GatewayError('forbidden', { fatal: 'replaced', detail: 'logged in elsewhere' }));
        return;
      default:
        this.incoming.take(event, settle, received);
    }
  }

  #pauseServer(): void {
    if (this.#session === undefined || this.#session.isPaused) return;
    this.#parts.upstream.metrics.serverPauses++;
    this.#session.pause();
  }

  #resumeServer(): void {
    if (this.#session?.isPaused !== true) return;
    this.#answers.resumed();
    this.#session.resume();
  }

  unknown(wire: WireMessage, error: GatewayError): boolean {
    const { client, upstream } = this.#parts;
    if (!client.passes(error)) return false;
    upstream.metrics.passed++;
    this.incoming.takeUnknown(() => client.pass(wire));
    return true;
  }

  lost(type: string, fields: readonly string[], value: unknown): void {
    this.#parts.client.lost(type, fields, value);
  }

  drained(): void {
    if (this.#clientHeld && this.mayReceive) this.#parts.client.pump();
  }
}
