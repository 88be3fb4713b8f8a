/**
 * One client's way to the server behind: a connection to it at a time, a new one when it is lost, and all that
 * must survive the change. Commands go up in order, each is settled exactly once and never as more than the
 * server has said; events come down in order, none twice.
 */
import type { Command } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { User } from '../../schemas/model.ts';
import type { ResultOf } from '../../schemas/outcome.ts';
import type { Attempt } from '../circuit-breaker.ts';
import { DONE } from '../commands/settlement.ts';
import type { Outcome, WireMessage } from '../dialect.ts';
import { GatewayError } from '../errors.ts';
import { UpstreamAttendance } from './attendance.ts';
import { type Dialer, dial } from './dialing.ts';
import type { UpstreamEnd } from './ends.ts';
import { Errands, type ErrandsHost } from './errands.ts';
import { Incoming } from './incoming.ts';
import type { LinkParts } from './link-parts.ts';
import type { Applicant, UpstreamLogin } from './login.ts';
import { Preparation } from './preparation.ts';
import { Reconnection } from './reconnection.ts';
import { gone, withEnd } from './refusals.ts';
import type { Besides } from './spool.ts';
import type { News } from './tellings.ts';
import type { Received, UpstreamListener } from './upstream-listener.ts';
import { UpstreamSession } from './upstream-session.ts';

export class Link implements UpstreamListener, ErrandsHost, Dialer {
  readonly #parts: LinkParts;
  readonly #errands: Errands;
  readonly #preparation: Preparation;
  readonly #reconnection: Reconnection;
  readonly attendance: UpstreamAttendance;
  readonly incoming: Incoming;
  #applicant: Applicant;
  /** The connection to the server, if there is one. */
  session: UpstreamSession | undefined;
  #attempt: Attempt | undefined;
  /** The client, as the server knows it. */
  self: User | undefined;
  /** Whether commands may go up: the server has let us in and what was attended is attended again. */
  isOpen = false;
  wasUp = false;
  /** For good. */
  isOver = false;
  /** Whether the server has let us in, and since when, monotonic ms. */
  #ready = false;
  #readyAt = 0;
  #clientHeld = false;

  constructor(parts: LinkParts) {
    const { upstream, client, applicant, wheel, random } = parts;
    this.#parts = parts;
    this.#applicant = applicant;
    this.self = applicant.user;
    this.attendance = new UpstreamAttendance(client.policy, upstream.policy);
    this.#reconnection = new Reconnection(upstream.config.reconnect, wheel, random);
    this.#errands = new Errands(parts, this);
    this.#preparation = new Preparation(parts.log, {
      ask: (command, done) =>
        this.#errands.ask({ ...this.#errands.errand(command, done), bytes: 0, isOurs: true }),
      done: () => this.#prepared(),
      stale: () => this.session?.fail('closed'),
    });
    this.incoming = new Incoming({
      client,
      upstream,
      attendance: this.attendance,
      isSelf: (userId) => userId === this.self?.id,
      sendOf: (message) => this.#errands.sendOf(message),
      blocked: () => this.#pauseServer(),
      free: () => this.#resumeServer(),
    });
  }

  /** Connects; `client.up` or `client.ended` follows the first time. */
  start(): void {
    const { upstream, log } = this.#parts;
    dial(upstream, this.#applicant, log, this);
  }

  /** The client has newer credentials, for the next connection. */
  renew(credentials: Applicant['credentials']): void {
    this.#applicant = { ...this.#applicant, credentials };
  }

  /** What joining for the client at its login gave. */
  get joinedAtLogin(): readonly ResultOf<'joined'>[] {
    return this.#preparation.joinedAtLogin;
  }

  /** Whether the client's next command can be taken. */
  get mayReceive(): boolean {
    const { limits } = this.#parts.upstream.config;
    const pending = this.session?.pendingBytes ?? 0;
    const may = pending <= limits.buffer && this.#errands.askedCount < limits.inFlight;
    if (!may && !this.#clientHeld) this.#parts.upstream.metrics.clientPauses++;
    this.#clientHeld = !may;
    return may;
  }

  /** A command of the client's; `done` exactly once. */
  submit(command: Command, done: (outcome: Outcome) => void, besides?: Besides): void {
    this.#errands.submit(command, done, besides);
  }

  /** Hands the server a wire message as it is. False while it is not there. */
  passUp(wire: WireMessage): boolean {
    if (!this.isOpen || this.session === undefined) return false;
    this.#parts.upstream.metrics.passed++;
    this.session.pass(wire);
    return true;
  }

  /** As the server's face would encode a frame; undefined while there is none. */
  encode(frame: unknown): WireMessage | undefined {
    return this.session?.encode(frame);
  }

  /** The client is gone. */
  close(): void {
    if (this.isOver) return;
    this.#finish();
    this.#leave();
    this.#parts.upstream.metrics.spoolAbandoned += this.#errands.waitingCount;
    this.#errands.failAll();
  }

  // --- the connection -----------------------------------------------------------------------------------

  connect(login: UpstreamLogin, attempt: Attempt): void {
    const { upstream, wheel, log, newId, now, closeTimeoutMs } = this.#parts;
    const parts = { id: newId(), upstream, login, wheel, log, closeTimeoutMs, now, newId };
    this.#attempt = attempt;
    this.session = new UpstreamSession({ ...parts, listener: this });
  }

  /** No connection now: the next one later, or never. */
  failed(error: GatewayError | undefined): void {
    if (error !== undefined) this.#end(withEnd(error));
    else if (!this.wasUp || !this.#reconnection.schedule(() => this.start())) this.#end(gone());
  }

  broken(error: GatewayError): void {
    this.#end(error);
  }

  ready(): void {
    const { upstream, wheel } = this.#parts;
    const { metrics } = upstream;
    this.#attempt?.succeeded();
    metrics.opened++;
    metrics.connected++;
    if (this.wasUp) metrics.reconnected++;
    this.#ready = true;
    this.#readyAt = wheel.now();
    this.#errands.answered();
    const again = this.wasUp
      ? this.attendance.again
      : this.attendance.atLogin(upstream.config.attend, this.self?.id);
    this.#preparation.begin(again, !this.wasUp);
  }

  #prepared(): void {
    if (this.session?.isReady !== true) return;
    this.isOpen = true;
    this.#reconnection.up();
    if (!this.wasUp) {
      this.wasUp = true;
      this.#parts.client.up(this.self);
    }
    this.#errands.sendWaiting();
    this.#parts.client.pump();
  }

  ended({ failure, error }: UpstreamEnd): void {
    const { metrics } = this.#parts.upstream;
    const wasReady = this.#ready;
    this.#ready = false;
    this.session = undefined;
    this.isOpen = false;
    this.incoming.orphan();
    if (wasReady) {
      metrics.connected--;
      this.#reconnection.lost(this.#readyAt);
    } else if (failure === 'login_refused') {
      this.#attempt?.succeeded();
    } else {
      this.#attempt?.failed();
    }
    if (this.isOver) return;
    if (error === undefined) this.#errands.returnAsked();
    this.failed(error);
  }

  #end(error: GatewayError): void {
    if (this.isOver) return;
    this.#finish();
    this.#leave();
    // A dialect may have words for one end only: whoever must not come back has to hear of that one.
    const comesBack = error.fatal === 'upstream_unavailable';
    if (!comesBack) this.#parts.client.ended(error);
    this.#errands.failAll();
    if (comesBack) this.#parts.client.ended(error);
  }

  #leave(): void {
    const { metrics } = this.#parts.upstream;
    const session = this.session;
    this.session = undefined;
    if (session === undefined) return;
    if (this.#ready) metrics.connected--;
    else this.#attempt?.abandoned();
    this.#ready = false;
    session.leave();
  }

  #finish(): void {
    this.isOver = true;
    this.isOpen = false;
    this.#reconnection.stop();
    this.#errands.stop();
    this.incoming.clear();
  }

  sent(ref: number): void {
    this.#errands.sent(ref);
  }

  settled(ref: number, outcome: Outcome, answer: Received | undefined): void {
    this.#errands.settled(ref, outcome, answer);
  }

  // --- events -------------------------------------------------------------------------------------------

  event(event: Event, settle: (outcome: Outcome) => void, received: Received | undefined): void {
    this.#parts.upstream.metrics.events.add(event.type);
    switch (event.type) {
      case 'authenticated':
        this.self = event.user;
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

  news(news: News): void {
    this.#parts.upstream.metrics.events.add(news.event.type);
    this.incoming.takeNews(news);
  }

  #pauseServer(): void {
    if (this.session === undefined || this.session.isPaused) return;
    this.#parts.upstream.metrics.serverPauses++;
    this.session.pause();
  }

  #resumeServer(): void {
    if (this.session?.isPaused !== true) return;
    this.#errands.resumed();
    this.session.resume();
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
