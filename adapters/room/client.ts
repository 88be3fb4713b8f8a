/** We are a client of an upstream room server. */
import type {
  ClientSession,
  ConnectionContext,
  Effect,
  Effects,
  EndpointContext,
  Outcome,
  WireIdentity,
} from '../../core/dialect.ts';
import { ERRORS, GatewayError } from '../../core/errors.ts';
import { closeIfFatal, lost, NOTHING, READY, route, send } from '../../core/session-kit.ts';
import type { Command, CommandOf, Credential } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { Destination, User } from '../../schemas/model.ts';
import type { Result } from '../../schemas/outcome.ts';
import { extendFieldsOf, groupOf, memberOf, messageOf, type Surroundings, userOf } from './mapping.ts';
import type { RoomOptions } from './options.ts';
import { Questions, settled } from './questions.ts';
import { codeOf, errorOf, isReplaced, quote } from './refusals.ts';
import type { Chat, ChatFrame, JoinedFrame, LeftFrame, Member, MessageFrame, RoomFrame } from './wire.ts';

type ClientEffect = Effect<RoomFrame, Event>;
type ClientEffects = Effects<RoomFrame, Event>;

const HEARTBEAT = 'heartbeat';

export class RoomClient implements ClientSession<RoomFrame> {
  readonly #around: Surroundings;
  readonly #identity: WireIdentity;
  readonly #options: RoomOptions;
  readonly #locale: EndpointContext<RoomOptions>['locale'];
  readonly #questions: Questions;
  readonly #rooms = new Set<string>();
  /** Who we are: known from a claim, or else from the first join's reply. */
  #self: User | undefined;
  #nextRef = 1;

  constructor(endpoint: EndpointContext<RoomOptions>, connection: ConnectionContext) {
    this.#around = {
      namespace: endpoint.namespace,
      identity: connection.identity,
      now: () => connection.now(),
      newId: () => connection.newId(),
    };
    this.#identity = connection.identity;
    this.#options = endpoint.options;
    this.#locale = endpoint.locale;
    this.#questions = new Questions(endpoint.options.answerTimeoutMs);
    this.#adopt(connection.credentials);
  }

  /** The dialect has no login frame: a token is in the URL, a claim goes with each join. */
  open(): ClientEffects {
    return [this.#heartbeatTimer(), READY];
  }

  receive(frame: RoomFrame): ClientEffects {
    switch (frame.type) {
      case 'joined':
        return this.#joined(frame);
      case 'left':
        return this.#left(frame);
      case 'message':
        return this.#message(frame);
      case 'refused':
        return this.#refused(frame.msg);
      case 'heartbeat':
      case 'join':
      case 'leave':
      case 'chat':
      case 'receipt':
      case 'friends':
      case 'misplaced':
        // The codec of this face reads no frame of the other direction.
        throw new GatewayError('frame_unknown');
      default:
        frame satisfies never;
        return NOTHING;
    }
  }

  deliver(command: Command, ref?: number): ClientEffects {
    switch (command.type) {
      case 'authenticate':
        this.#adopt(command.credentials);
        return settled(ref, ok(this.#identified()));
      case 'send_message':
        return this.#send(command, ref);
      case 'join_group':
        return this.#ask('join', { room: command.group, claim: command.claimedSender, ref });
      case 'leave_group':
        return this.#ask('leave', { room: command.group, claim: command.claimedSender, ref });
      case 'subscribe':
      case 'unsubscribe':
        return this.#subscription(command, ref);
      case 'disconnect':
        return [...settled(ref, ok({ type: 'done' })), { kind: 'close', reason: 'normal', text: '' }];
      case 'send_batch':
      case 'revoke_message':
      case 'mark_read':
      case 'settle_delivery':
      case 'sync':
      case 'list_users':
      case 'relay':
      case 'report_error':
        return unsupported(command.type, ref);
      default:
        command satisfies never;
        return NOTHING;
    }
  }

  settle(_ref: number, outcome: Outcome): ClientEffects {
    return outcome.ok ? NOTHING : this.fail(outcome.error);
  }

  /** A client of this dialect has no words for a fault of the server's. */
  fail(error: GatewayError): ClientEffects {
    return closeIfFatal(error, this.#locale);
  }

  expire(timer: string): ClientEffects {
    if (timer === HEARTBEAT) return [send({ type: 'heartbeat' }), this.#heartbeatTimer()];
    return this.#questions.expire(timer);
  }

  #heartbeatTimer(): ClientEffect {
    return { kind: 'timer', name: HEARTBEAT, afterMs: this.#options.heartbeatIntervalMs };
  }

  #adopt(credentials: readonly Credential[]): void {
    const claim = credentials.find((credential) => credential.kind === 'claim');
    if (claim !== undefined) this.#self ??= { namespace: this.#around.namespace, ...claim.user };
  }

  #identified(): Result {
    return this.#self === undefined
      ? { type: 'done' }
      : { type: 'authenticated', user: this.#self, anonymous: false };
  }

  #route(event: Event): ClientEffects {
    return [route(this.#nextRef++, event)];
  }

  #send(command: CommandOf<'send_message'>, ref: number | undefined): ClientEffects {
    if (command.target.type !== 'group') return unsupported(command.type, ref);
    const from = this.#from(command.claimedSender);
    if (from === 'nobody') return settled(ref, mismatch());
    const extendFields = extendFieldsOf(command);
    const chat: Chat = {
      // The echo is recognised by it.
      id: command.clientId ?? this.#around.newId(),
      ...from,
      roomNumber: command.target.id,
      content: command.content,
      contentType: command.contentType,
    };
    const frame: ChatFrame =
      extendFields === undefined ? { type: 'chat', chat } : { type: 'chat', chat, extendFields };
    const effects = this.#questions.ask({ ref, frame, subscription: false });
    const fields: string[] = [];
    if (command.replyTo !== undefined) fields.push('replyTo');
    if (command.attachment !== undefined) fields.push('attachment');
    return fields.length === 0 ? effects : [...effects, lost(command.type, ...fields)];
  }

  #ask(
    type: 'join' | 'leave',
    request: { readonly room: string; readonly claim?: string | undefined; readonly ref: number | undefined },
    subscription = false,
  ): ClientEffects {
    const { room: roomNumber, claim, ref } = request;
    const from = this.#from(claim);
    if (from === 'nobody') return settled(ref, mismatch());
    return this.#questions.ask({ ref, frame: { type, ...from, roomNumber }, subscription });
  }

  /** Attending a room is joining it; only rooms can be attended. */
  #subscription(command: CommandOf<'subscribe' | 'unsubscribe'>, ref: number | undefined): ClientEffects {
    const { type, target } = command;
    if (target.type !== 'group') return unsupported(type, ref);
    if (type === 'unsubscribe') return this.#ask('leave', { room: target.id, ref }, true);
    if (this.#rooms.has(target.id)) return settled(ref, ok({ type: 'subscribed', target }));
    return this.#ask('join', { room: target.id, ref }, true);
  }

  /** The `from` of a frame, as far as we know who we are; 'nobody' if the claimed user has no id on this wire. */
  #from(claim: string | undefined): { readonly from?: Member } | 'nobody' {
    const self = this.#self;
    if (self !== undefined && (claim === undefined || claim === self.id)) {
      const from = memberOf(self, this.#identity);
      return from === undefined ? 'nobody' : { from };
    }
    if (claim === undefined) return {};
    const id = this.#identity.toWire(claim);
    return id === undefined ? 'nobody' : { from: { id } };
  }

  #joined({ room }: JoinedFrame): ClientEffects {
    const { members, newJoinMember } = room;
    const group = groupOf(room, this.#around);
    const user = newJoinMember === undefined ? undefined : userOf(newJoinMember, this.#around);
    const question = this.#questions.current;
    // Only the joiner's own reply has the members: that tells, until we know who we are.
    const ours = user === undefined || this.#self === undefined ? members !== undefined : this.#isSelf(user);
    if (ours) this.#rooms.add(group.id);
    if (ours && question?.frame.type === 'join' && question.frame.roomNumber === group.id) {
      this.#self ??= user;
      if (question.subscription) {
        return this.#questions.finish(ok({ type: 'subscribed', target: groupTarget(group.id) }));
      }
      const joiner = user ?? this.#self;
      if (joiner === undefined)
        return this.#questions.finish({ ok: false, error: fieldMissing('newJoinMember') });
      const attending = (members ?? [])
        .filter((member) => this.#identity.toCanonical(member.id) !== undefined)
        .map((member) => userOf(member, this.#around));
      return this.#questions.finish(ok({ type: 'joined', group, user: joiner, attending }));
    }
    if (user === undefined) throw fieldMissing('newJoinMember');
    const { namespace } = this.#around;
    return this.#route({ type: 'member_joined', namespace, group, user, at: this.#around.now() });
  }

  #left({ room }: LeftFrame): ClientEffects {
    const group = groupOf(room, this.#around);
    if (room.newLeaveMember === undefined) throw fieldMissing('newLeaveMember');
    const user = userOf(room.newLeaveMember, this.#around);
    const ours = this.#self === undefined || this.#isSelf(user);
    const question = this.#questions.current;
    if (ours && question?.frame.type === 'leave' && question.frame.roomNumber === group.id) {
      this.#rooms.delete(group.id);
      return this.#questions.finish(
        question.subscription
          ? ok({ type: 'unsubscribed', target: groupTarget(group.id) })
          : ok({ type: 'left', group, user }),
      );
    }
    if (this.#isSelf(user)) this.#rooms.delete(group.id);
    const { namespace } = this.#around;
    return this.#route({ type: 'member_left', namespace, group, user, at: this.#around.now() });
  }

  #message(frame: MessageFrame): ClientEffects {
    const message = messageOf(frame, this.#around);
    const question = this.#questions.current;
    if (question?.frame.type === 'chat' && this.#isEcho(frame.chat, question.frame.chat, message.from)) {
      return this.#questions.finish(ok({ type: 'stored', message, duplicate: false }));
    }
    return this.#route({ type: 'message', namespace: this.#around.namespace, message });
  }

  /** Servers that know no message ids give back the content. */
  #isEcho(heard: Chat, said: Chat, from: User): boolean {
    return (
      (heard.id === undefined ? heard.content === said.content : heard.id === said.id) &&
      heard.roomNumber === said.roomNumber &&
      (this.#self === undefined || this.#isSelf(from))
    );
  }

  #refused(msg: string): ClientEffects {
    const { namespace } = this.#around;
    if (isReplaced(msg) && this.#self !== undefined) {
      return this.#route({ type: 'session_replaced', namespace, user: this.#self });
    }
    const answer = this.#questions.finish({ ok: false, error: errorOf(msg) });
    const code = codeOf(msg);
    if (code === 'shutting_down') {
      const goodbye: Event = { type: 'going_away', namespace, reason: 'shutting_down', afterMs: 0 };
      return [...answer, ...this.#route(goodbye)];
    }
    if (answer.length > 0) return answer;
    if (code !== undefined && 'fatal' in ERRORS[code]) return this.fail(new GatewayError(code));
    throw new GatewayError('protocol_violation', {
      fatal: null,
      detail: `refused without a request: ${quote(msg)}`,
    });
  }

  #isSelf(user: User): boolean {
    return user.id === this.#self?.id;
  }
}

const ok = (result: Result): Outcome => ({ ok: true, result });

const mismatch = (): Outcome => ({ ok: false, error: new GatewayError('sender_mismatch') });

const fieldMissing = (detail: string): GatewayError => new GatewayError('field_missing', { detail });

const groupTarget = (id: string): Destination => ({ type: 'group', id });

function unsupported(type: Command['type'], ref: number | undefined): ClientEffects {
  return [lost(type), ...settled(ref, { ok: false, error: new GatewayError('unsupported') })];
}
