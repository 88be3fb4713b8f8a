/**
 * The commands of one link: on their way to the server in order, waiting while it is gone, each settled exactly once
 * and never as more than the server has said.
 */
import type { Command } from '../../schemas/command.ts';
import type { Message, User } from '../../schemas/model.ts';
import type { Result } from '../../schemas/outcome.ts';
import { DONE } from '../commands/settlement.ts';
import type { Outcome } from '../dialect.ts';
import { add } from '../metrics.ts';
import { AnswerWatch } from './answer-watch.ts';
import type { UpstreamAttendance } from './attendance.ts';
import { type Asked, Correlation } from './correlation.ts';
import type { Incoming } from './incoming.ts';
import type { LinkParts } from './link-parts.ts';
import { named } from './named.ts';
import { refuse, unanswered, unreachable } from './refusals.ts';
import { completed } from './results.ts';
import { type Besides, type Errand, sizeOf } from './spool.ts';
import type { Received } from './upstream-listener.ts';
import type { UpstreamSession } from './upstream-session.ts';
import { WaitingRoom } from './waiting-room.ts';

/** The link, as far as its commands need it. */
export interface ErrandsHost {
  readonly session: UpstreamSession | undefined;
  /** Whether commands may go up; whether it has been so before; whether it never will be any more. */
  readonly isOpen: boolean;
  readonly wasUp: boolean;
  readonly isOver: boolean;
  /** The client, as the server knows it. */
  readonly self: User | undefined;
  readonly attendance: UpstreamAttendance;
  readonly incoming: Incoming;
  /** Whether the client's next command can be taken. */
  readonly mayReceive: boolean;
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

export class Errands {
  readonly #parts: LinkParts;
  readonly #host: ErrandsHost;
  readonly #asked = new Correlation();
  readonly #waiting: WaitingRoom;
  readonly #answers: AnswerWatch;
  #farewells: ((outcome: Outcome) => void)[] = [];

  constructor(parts: LinkParts, host: ErrandsHost) {
    const { upstream, wheel } = parts;
    const { config, metrics } = upstream;
    this.#parts = parts;
    this.#host = host;
    this.#waiting = new WaitingRoom(config.spool, wheel, metrics, () => this.#sayFarewells());
    this.#answers = new AnswerWatch({
      asked: this.#asked,
      wheel,
      answerTimeout: config.answerTimeout,
      isPaused: () => host.session?.isPaused === true,
      overdue: (asked) => this.#overdue(asked),
      silent: () => host.session?.fail('no_answer'),
    });
  }

  /** Commands without an answer, and those that wait. */
  get askedCount(): number {
    return this.#asked.size;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** The client's own message under way, or about to be sent again, of which this is the copy. */
  sendOf(message: Message): { echo?: Message | undefined } | undefined {
    return this.#asked.sendOf(message) ?? this.#waiting.sendOf(message);
  }

  /** The server has let us in, or is read again. */
  answered(): void {
    this.#answers.answered();
  }

  resumed(): void {
    this.#answers.resumed();
  }

  stop(): void {
    this.#answers.stop();
    this.#waiting.stop();
  }

  /** A command of the client's; `done` exactly once. */
  submit(command: Command, done: (outcome: Outcome) => void, besides?: Besides): void {
    const { metrics } = this.#parts.upstream;
    if (command.type === 'disconnect') {
      this.#farewells.push(done);
      this.#sayFarewells();
      return;
    }
    if (this.#host.isOver) {
      done(unreachable());
      return;
    }
    add(metrics.commands, command.type);
    const known = this.#host.attendance.knownResult(command);
    if (known !== undefined) {
      this.#host.attendance.granted(command);
      done({ ok: true, result: known });
      return;
    }
    const errand = this.errand(command, done, besides);
    if (this.#host.isOpen && this.#waiting.size === 0) this.ask(errand);
    else this.#waiting.enter(errand);
  }

  errand(command: Command, done: (outcome: Outcome) => void, besides?: Besides): Errand {
    const { wheel, newId, upstream } = this.#parts;
    const said = named(command, this.#host.self?.id, upstream.config.resend ? newId : undefined);
    const bytes = sizeOf(said) + (besides?.bytes ?? 0);
    return { command: said, bytes, at: wheel.now(), done, overlay: besides?.overlay };
  }

  /** What was asked and not answered: said again where that does no harm, else its sender hears that nobody knows. */
  returnAsked(): void {
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
      if (!again || !this.#host.wasUp || !this.#waiting.take(returned)) refused.push(returned);
    }
    metrics.unanswered += refused.length;
    // An answer may bring the client's next command, which comes after all of these.
    for (const errand of refused) refuse(errand);
    this.#sayFarewells();
    this.#parts.client.pump();
  }

  failAll(): void {
    for (const { errand, sent } of this.#asked.takeAll()) {
      refuse({ ...errand, wasSent: sent || errand.wasSent === true });
    }
    this.#waiting.close();
    this.#sayFarewells();
  }

  ask(errand: Errand): void {
    const { wheel, upstream } = this.#parts;
    const { ref, asked } = this.#asked.add(errand, wheel.now());
    if (errand.wasSent === true) upstream.metrics.resent++;
    this.#answers.watch();
    if (this.#host.session?.deliver(errand.command, ref, errand.overlay) === true) asked.sent = true;
  }

  /** In order, even if an answer brings the client's next command: as long as one waits, others wait behind it. */
  sendWaiting(): void {
    while (this.#host.isOpen) {
      const next = this.#waiting.next();
      if (next === undefined) break;
      this.ask(next);
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
    if (this.#host.mayReceive) client.pump();
  }

  #told(asked: Asked, outcome: Outcome): void {
    const { command, done } = asked.errand;
    if (!outcome.ok) {
      done(outcome);
      return;
    }
    const result = this.#resultOf(asked, outcome.result);
    this.#host.attendance.granted(command);
    // Before the sender is told, as others hear of it.
    if (result.type === 'stored') this.#host.incoming.tellOwn(result.message, result.duplicate);
    if (result.type === 'batch_stored') {
      for (const { message, duplicate } of result.stored) this.#host.incoming.tellOwn(message, duplicate);
    }
    if (command.type === 'join_group' || command.type === 'leave_group') this.#host.incoming.flow();
    done({ ok: true, result });
  }

  #resultOf({ errand, echo }: Asked, given: Result): Result {
    const { now, newId, namespace } = this.#parts;
    const self = this.#host.self ?? { namespace, id: 'self', name: 'self' };
    const result = completed(errand.command, given, { self, now, newId });
    if (result.type !== 'stored') return result;
    const clientId = errand.command.type === 'send_message' ? errand.command.clientId : undefined;
    // What the server's own copy says of the message is more than its sender knew.
    const said: Message = { ...(echo ?? result.message), ...(clientId === undefined ? {} : { clientId }) };
    // It may have been shown already, by a copy that came after nobody knew what had become of it.
    const { message, isKnown } = this.#host.incoming.placed(said);
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
}
