/** We are the server of a room client. */
import type {
  ConnectionContext,
  Effect,
  Effects,
  EndpointContext,
  Outcome,
  ServerSession,
  WireIdentity,
} from '../../core/dialect.ts';
import { type ErrorCode, errorText, GatewayError } from '../../core/errors.ts';
import { closeIfFatal, lost, NOTHING, Pending, READY, route, send } from '../../core/session-kit.ts';
import type { Command, Credential } from '../../schemas/command.ts';
import type { Event, EventOf } from '../../schemas/event.ts';
import type { User } from '../../schemas/model.ts';
import type { Result } from '../../schemas/outcome.ts';
import { extensionsOf, profileOf } from './mapping.ts';
import type { RoomOptions } from './options.ts';
import { refusal } from './refusals.ts';
import { chatMessage, goingAway, memberJoined, memberLeft, replaced, selfJoined } from './speech.ts';
import type { ChatFrame, JoinFrame, LeaveFrame, Member, RoomFrame } from './wire.ts';

type RoomEffect = Effect<RoomFrame, Command>;
type RoomEffects = Effects<RoomFrame, Command>;

/** `join`: the frame whose `from` was the claim, to be carried out once the claim is accepted. */
interface LoginQuestion {
  readonly kind: 'login';
  readonly join: JoinFrame | undefined;
}
interface RoomQuestion {
  readonly kind: 'join' | 'leave' | 'chat';
  readonly room: string;
}

const SILENCE = 'silence';

export class RoomServer implements ServerSession<RoomFrame> {
  readonly #endpoint: EndpointContext<RoomOptions>;
  readonly #connection: ConnectionContext;
  readonly #identity: WireIdentity;
  readonly #pending = new Pending<LoginQuestion | RoomQuestion>();
  /** Rooms joined on this connection; each join adds one. */
  readonly #rooms = new Set<string>();
  #user: User | undefined;
  #anonymous = false;
  #loggingIn = false;

  constructor(endpoint: EndpointContext<RoomOptions>, connection: ConnectionContext) {
    this.#endpoint = endpoint;
    this.#connection = connection;
    this.#identity = connection.identity;
  }

  open(): RoomEffects {
    const { heartbeat, authentication } = this.#endpoint;
    const effects: RoomEffect[] = [];
    if (heartbeat.silenceMs !== null) {
      effects.push({ kind: 'timer', name: SILENCE, afterMs: heartbeat.silenceMs, restart: 'received' });
    }
    const { credentials } = this.#connection;
    if (credentials.length > 0) effects.push(this.#login(credentials, undefined));
    else if (authentication === 'anonymous') effects.push(this.#login([{ kind: 'anonymous' }], undefined));
    return effects;
  }

  receive(frame: RoomFrame): RoomEffects {
    // The heartbeat is never answered, whatever the state.
    if (frame.type === 'heartbeat') return NOTHING;
    if (this.#user === undefined) return this.#receiveBeforeLogin(frame);
    switch (frame.type) {
      case 'join':
        return this.#join(frame);
      case 'leave':
        return this.#leave(frame);
      case 'chat':
        return this.#chat(frame);
      case 'receipt':
      case 'friends':
        return this.#refuse('unsupported');
      case 'misplaced':
      case 'joined':
      case 'left':
      case 'message':
      case 'refused':
        return this.#refuse('frame_unknown');
      default:
        frame satisfies never;
        return NOTHING;
    }
  }

  deliver(event: Event): RoomEffects {
    switch (event.type) {
      case 'message':
        return chatMessage(event.message, event.type, this.#identity);
      case 'member_joined':
        return memberJoined(event, this.#identity);
      case 'member_left':
        if (this.#isSelf(event.user)) this.#rooms.delete(event.group.id);
        return memberLeft(event, this.#identity, ['at']);
      case 'member_removed':
        return this.#memberRemoved(event);
      case 'group_dissolved':
        return this.#groupDissolved(event);
      case 'session_replaced':
        return replaced(this.#endpoint.locale);
      case 'going_away':
        return goingAway(event, this.#endpoint.locale);
      case 'authenticated':
      case 'message_read':
      case 'message_revoked':
      case 'relayed':
      case 'presence_changed':
      case 'user_list':
      case 'contact_requested':
      case 'contact_accepted':
      case 'group_transferred':
      case 'member_muted':
      case 'group_announcement':
      case 'group_invited':
        return [lost(event.type)];
      default:
        event satisfies never;
        return NOTHING;
    }
  }

  settle(ref: number, outcome: Outcome): RoomEffects {
    const question = this.#pending.take(ref);
    if (question === undefined) return NOTHING;
    if (question.kind === 'login') return this.#loginSettled(question.join, outcome);
    if (outcome.ok) return this.#done(question, outcome.result);
    // Core ends an attendance on its own too, e.g. when the connection gave no sign of life to a later join.
    if (outcome.error.code === 'not_joined') this.#rooms.delete(question.room);
    return this.fail(outcome.error);
  }

  fail(error: GatewayError): RoomEffects {
    return [...this.#refuse(error.code), ...closeIfFatal(error, this.#endpoint.locale)];
  }

  expire(timer: string): RoomEffects {
    return timer === SILENCE ? this.fail(new GatewayError('silence')) : NOTHING;
  }

  /** The same for everybody, except what is about the connection's own user. */
  fanoutKey(event: Event): string | undefined {
    if (event.origin === this.#connection.id) return undefined;
    if (event.type === 'message') {
      const { to, from } = event.message;
      return to.type === 'group' && this.#hasWireId(from) ? event.type : undefined;
    }
    if (event.type === 'member_joined') return this.#hasWireId(event.user) ? event.type : undefined;
    if (event.type === 'member_left' || event.type === 'member_removed') {
      if (this.#isSelf(event.user) || !this.#hasWireId(event.user)) return undefined;
      return event.type === 'member_left' || this.#rooms.has(event.group.id) ? event.type : undefined;
    }
    return undefined;
  }

  #login(credentials: readonly Credential[], join: JoinFrame | undefined): RoomEffect {
    this.#loggingIn = true;
    return route(this.#pending.add({ kind: 'login', join }), { type: 'authenticate', credentials });
  }

  /** Without a login, the first join says who the client is, where the endpoint believes it. */
  #receiveBeforeLogin(frame: RoomFrame): RoomEffects {
    if (this.#endpoint.authentication !== 'none' || this.#loggingIn) return this.#refuse('unauthenticated');
    switch (frame.type) {
      case 'join': {
        const { from } = frame;
        if (from === undefined) return this.#refuse('field_missing');
        const id = this.#identity.toCanonical(from.id);
        if (id === undefined) return this.#refuse('sender_mismatch');
        return [this.#login([{ kind: 'claim', user: profileOf(from, id) }], frame)];
      }
      case 'leave':
      case 'chat':
        return this.#refuse('not_joined');
      case 'receipt':
      case 'friends':
        return this.#refuse('unsupported');
      default:
        return this.#refuse('frame_unknown');
    }
  }

  #loginSettled(join: JoinFrame | undefined, outcome: Outcome): RoomEffects {
    this.#loggingIn = false;
    const { locale } = this.#endpoint;
    if (outcome.ok) {
      if (outcome.result.type !== 'authenticated') return NOTHING;
      this.#user = outcome.result.user;
      this.#anonymous = outcome.result.anonymous;
      return join === undefined ? [READY] : [READY, ...this.#join(join)];
    }
    // A refused claim can be made again in another join; a refused token can't.
    if (join !== undefined) return this.fail(outcome.error);
    const { code, fatal } = outcome.error;
    return [
      ...this.#refuse(code),
      { kind: 'close', reason: fatal ?? 'unauthenticated', text: errorText(code, locale) },
    ];
  }

  #join(frame: JoinFrame): RoomEffects {
    const { roomNumber: room, from } = frame;
    if (this.#rooms.has(room)) return this.#refuse('already_joined');
    const claim = this.#claim(from);
    if (claim === undefined) return this.#refuse('sender_mismatch');
    const ref = this.#pending.add({ kind: 'join', room });
    return [route(ref, { type: 'join_group', group: room, exclusive: true, ...claim })];
  }

  #leave(frame: LeaveFrame): RoomEffects {
    const { roomNumber: room, from } = frame;
    if (!this.#rooms.has(room)) return this.#refuse('not_joined');
    const claim = this.#claim(from);
    if (claim === undefined) return this.#refuse('sender_mismatch');
    const ref = this.#pending.add({ kind: 'leave', room });
    return [route(ref, { type: 'leave_group', group: room, ...claim })];
  }

  #chat({ chat, extendFields }: ChatFrame): RoomEffects {
    if (!this.#rooms.has(chat.roomNumber)) return this.#refuse('not_joined');
    const claim = this.#claim(chat.from);
    if (claim === undefined) return this.#refuse('sender_mismatch');
    const ref = this.#pending.add({ kind: 'chat', room: chat.roomNumber });
    return [
      route(ref, {
        type: 'send_message',
        target: { type: 'group', id: chat.roomNumber },
        content: chat.content,
        contentType: chat.contentType ?? 'text',
        ...(chat.id === undefined ? {} : { clientId: chat.id }),
        ...claim,
        ...extensionsOf(extendFields),
      }),
    ];
  }

  /** Who the frame says it is from, for the router to check; undefined if nobody has that id here. */
  #claim(from: Member | undefined): { readonly claimedSender?: string } | undefined {
    // An anonymous listener has no name that its frames could match.
    if (from === undefined || this.#anonymous) return {};
    const claimedSender = this.#identity.toCanonical(from.id);
    return claimedSender === undefined ? undefined : { claimedSender };
  }

  #done({ kind, room }: RoomQuestion, result: Result): RoomEffects {
    if (kind === 'join') this.#rooms.add(room);
    if (kind === 'leave') this.#rooms.delete(room);
    switch (result.type) {
      case 'joined':
        return selfJoined(result, this.#identity);
      case 'left':
        return memberLeft(result, this.#identity, []);
      case 'stored':
        // The echo stands for the ack: it comes as an event, except for what was stored before.
        return result.duplicate ? chatMessage(result.message, result.type, this.#identity) : NOTHING;
      case 'authenticated':
      case 'batch_stored':
      case 'subscribed':
      case 'unsubscribed':
      case 'users':
      case 'synced':
      case 'done':
        return [lost(result.type)];
      default:
        result satisfies never;
        return NOTHING;
    }
  }

  /** Somebody who no longer belongs to a room has left it, as far as this dialect can tell. */
  #memberRemoved(event: EventOf<'member_removed'>): RoomEffects {
    if (!this.#rooms.has(event.group.id)) return [lost(event.type)];
    if (this.#isSelf(event.user)) this.#rooms.delete(event.group.id);
    return memberLeft(event, this.#identity, ['reason', 'at']);
  }

  /** A room that is gone: each client is told that it has left. */
  #groupDissolved({ type, group }: EventOf<'group_dissolved'>): RoomEffects {
    if (!this.#rooms.delete(group.id) || this.#user === undefined) return [lost(type)];
    return memberLeft({ type, group, user: this.#user }, this.#identity, ['at']);
  }

  #refuse(code: ErrorCode): RoomEffects {
    return [send(refusal(code, this.#endpoint.locale))];
  }

  #hasWireId(user: User): boolean {
    return this.#identity.toWire(user.id) !== undefined;
  }

  #isSelf(user: User): boolean {
    return user.id === this.#user?.id && user.namespace === this.#user.namespace;
  }
}
