/** The server's side of the dialect: one connection of a client that speaks `json`. */
import type {
  ConnectionContext,
  Effect,
  Effects,
  EndpointContext,
  Outcome,
  Session,
} from '../../core/dialect.ts';
import { type ErrorCode, errorText, GatewayError } from '../../core/errors.ts';
import type { Mutable } from '../../core/mutable.ts';
import { closeIfFatal, explain, lost, NOTHING, Pending, READY, route, send } from '../../core/session-kit.ts';
import type { Command, Credential, SendMessage } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { Target, User } from '../../schemas/model.ts';
import { readContentType } from './content-type.ts';
import { fanoutKeyOf, sayEvent, sayMessage } from './events.ts';
import type { JsonOptions } from './options.ts';
import type {
  AckFrame,
  BarePong,
  ClientFrame,
  ErrorFrame,
  JsonFrame,
  PongFrame,
  SentMessage,
} from './wire.ts';
import { KICK_REASONS, loginErrorText } from './words.ts';

type Out = Effects<JsonFrame, Command>;

/** What a routed command was, so that its outcome can be told. */
type Routed =
  | { readonly kind: 'auth' }
  | { readonly kind: 'message'; readonly id: string }
  | { readonly kind: 'read'; readonly chatId: string; readonly triedGroup: boolean };

const PONG: Out = Object.freeze([send<PongFrame>({ type: 'pong' })]);
const BARE_PONG: Out = Object.freeze([send<BarePong>({ type: 'bare_pong' })]);
const AUTH: Routed = Object.freeze({ kind: 'auth' });

/** Faults that say who the client is not: told as `auth_error` where they end the connection. */
const LOGIN_FAULTS: ReadonlySet<ErrorCode> = new Set(['unauthenticated', 'token_invalid', 'token_expired']);

/** Faults of ours during a login. An `auth_error` would make clients throw a good token away. */
const OUR_FAULTS: ReadonlySet<ErrorCode> = new Set([
  'internal',
  'store_unavailable',
  'upstream_unavailable',
  'shutting_down',
]);

export class JsonServerSession implements Session<JsonFrame, Event, Command> {
  readonly #endpoint: EndpointContext<JsonOptions>;
  readonly #connection: ConnectionContext;
  readonly #pending = new Pending<Routed>();
  #user: User | undefined;
  #kicked = false;

  constructor(endpoint: EndpointContext<JsonOptions>, connection: ConnectionContext) {
    this.#endpoint = endpoint;
    this.#connection = connection;
  }

  open(): Out {
    const { silenceMs } = this.#endpoint.heartbeat;
    const silence: Out =
      silenceMs === null
        ? NOTHING
        : [{ kind: 'timer', name: 'silence', afterMs: silenceMs, restart: 'received_or_pong' }];
    const { credentials } = this.#connection;
    return credentials.length === 0 ? silence : [...silence, ...this.#logIn(credentials)];
  }

  receive(frame: ClientFrame): Out {
    switch (frame.type) {
      case 'bare_ping':
        return BARE_PONG;
      case 'ping':
        return PONG;
      case 'auth':
        return this.#logIn([{ kind: 'token', token: frame.data.token }]);
      case 'message':
        return this.#user === undefined
          ? [this.#error('unauthenticated', frame.data.id)]
          : this.#sendMessage(frame.data);
      case 'read':
        return this.#user === undefined
          ? [this.#error('unauthenticated')]
          : this.#markRead(frame.data.chatId);
      default:
        return frame satisfies never;
    }
  }

  deliver(event: Event): Out {
    if (event.type === 'going_away') return this.#goodbye(event.reason);
    if (event.type === 'session_replaced') return this.#kick();
    // An ack stands for the sender's own copy.
    if (this.#user === undefined || event.origin === this.#connection.id) return NOTHING;
    const { identity } = this.#connection;
    return event.type === 'message'
      ? sayMessage(event.message, identity, this.#endpoint.options)
      : sayEvent(event, identity, this.#user);
  }

  fanoutKey(event: Event): string | undefined {
    // The sending connection has no copy; every other one of the endpoint may share bytes.
    if (this.#user === undefined || event.origin === this.#connection.id) return undefined;
    return fanoutKeyOf(event, this.#connection.identity, this.#user);
  }

  settle(ref: number, outcome: Outcome): Out {
    const routed = this.#pending.take(ref);
    if (routed === undefined) return NOTHING;
    switch (routed.kind) {
      case 'auth':
        return outcome.ok
          ? outcome.result.type === 'authenticated'
            ? this.#loggedIn(outcome.result.user)
            : NOTHING
          : this.#loginFailed(outcome.error);
      case 'message':
        return outcome.ok
          ? [send<AckFrame>({ type: 'ack', data: { id: routed.id, status: 'success' } })]
          : this.#refuse(outcome.error, outcome.error.code, routed.id);
      case 'read': {
        if (outcome.ok) return NOTHING;
        // The frame does not say whether it names a user or a group: a user first, then a group.
        if (outcome.error.code === 'recipient_unknown' && !routed.triedGroup) {
          return this.#markGroupRead(routed.chatId);
        }
        return this.#refuse(outcome.error, outcome.error.code);
      }
      default:
        return routed satisfies never;
    }
  }

  fail(error: GatewayError): Out {
    if (error.fatal !== undefined && LOGIN_FAULTS.has(error.code)) return this.#loginFailed(error);
    // A broken frame is told what is wrong with it, but before login a message, or a frame of an unknown
    // kind, is first of all one that came too early.
    const early =
      this.#user === undefined &&
      error.fatal === undefined &&
      (error.code === 'frame_unknown' || error.messageId !== undefined);
    return this.#refuse(error, early ? 'unauthenticated' : error.code, error.messageId);
  }

  expire(timer: string): Out {
    if (timer === 'silence') return this.fail(new GatewayError('silence'));
    if (timer === 'kick') return [this.#closeReplaced()];
    return NOTHING;
  }

  /** Submits credentials, at the beginning or as a repeated `auth`. */
  #logIn(given: readonly Credential[]): Out {
    const credentials: Credential[] = [];
    for (const credential of given) {
      const usable = this.#endpoint.authentication === 'none' ? this.#claimOf(credential) : credential;
      if (usable === undefined) return this.#loginFailed(new GatewayError('token_invalid'));
      credentials.push(usable);
    }
    return [route(this.#pending.add(AUTH), { type: 'authenticate', credentials })];
  }

  /** Where nobody checks, a token is the name of who it stands for: the frame has no other field for it. */
  #claimOf(credential: Credential): Credential | undefined {
    if (credential.kind !== 'token') return credential;
    const { token } = credential;
    if (token.length > 256 || !token.isWellFormed()) return undefined;
    const id = this.#connection.identity.toCanonical(token);
    return id === undefined ? undefined : { kind: 'claim', user: { id, name: token } };
  }

  #loggedIn(user: User): Out {
    const userId = this.#connection.identity.toWire(user.id);
    const before = this.#user;
    const other = before !== undefined && (before.id !== user.id || before.namespace !== user.namespace);
    // One connection speaks for one user, who must have an id on this wire.
    if (userId === undefined || other) return this.#loginFailed(new GatewayError('token_invalid'));
    this.#user = user;
    const success: Effect<JsonFrame, never> = send({ type: 'auth_success', data: { userId } });
    return before === undefined ? [success, READY] : [success];
  }

  /** The connection ends after a refused login [source, auth_error]. */
  #loginFailed(error: GatewayError): Out {
    if (OUR_FAULTS.has(error.code)) {
      // A client that is logged in already loses nothing by staying.
      if (this.#user !== undefined) return this.#refuse(error, error.code);
      const text = explain(error, this.#endpoint.locale);
      return [this.#error(error.code), { kind: 'close', reason: error.fatal ?? 'internal', text }];
    }
    const reason = error.fatal ?? 'unauthenticated';
    const message = loginErrorText(error.code, this.#endpoint.locale);
    return [send({ type: 'auth_error', data: { message } }), { kind: 'close', reason, text: message }];
  }

  #sendMessage(data: SentMessage): Out {
    const { identity } = this.#connection;
    const claimedSender = identity.toCanonical(data.fromId);
    if (claimedSender === undefined) return [this.#error('sender_mismatch', data.id)];
    const targetId = data.chatType === 'group' ? data.toId : identity.toCanonical(data.toId);
    if (targetId === undefined) return [this.#error('recipient_unknown', data.id)];
    const target: Target = { type: data.chatType === 'group' ? 'group' : 'user', id: targetId };
    const { contentType, extensions } = readContentType(data.contentType);
    // Spreading what may be absent would cost as much as all the rest of it.
    const command: Mutable<SendMessage> = {
      type: 'send_message',
      target,
      content: data.content,
      contentType,
      clientId: data.id,
      claimedSender,
    };
    if (data.replyTo) command.replyTo = data.replyTo;
    if (data.imageUrl) command.attachment = { url: data.imageUrl };
    if (extensions !== undefined) command.extensions = extensions;
    return [route(this.#pending.add({ kind: 'message', id: data.id }), command)];
  }

  #markRead(chatId: string): Out {
    const id = this.#connection.identity.toCanonical(chatId);
    if (id === undefined) return this.#markGroupRead(chatId);
    const ref = this.#pending.add({ kind: 'read', chatId, triedGroup: false });
    return [route(ref, { type: 'mark_read', target: { type: 'user', id } })];
  }

  #markGroupRead(id: string): Out {
    const ref = this.#pending.add({ kind: 'read', chatId: id, triedGroup: true });
    return [route(ref, { type: 'mark_read', target: { type: 'group', id } })];
  }

  #kick(): Out {
    if (this.#kicked) return NOTHING;
    this.#kicked = true;
    const reason = KICK_REASONS.replaced[this.#endpoint.locale];
    const kick: Effect<JsonFrame, never> = send({ type: 'kick', data: { reason } });
    const { kickDelayMs } = this.#endpoint.options;
    return kickDelayMs === 0
      ? [kick, this.#closeReplaced()]
      : [kick, { kind: 'timer', name: 'kick', afterMs: kickDelayMs }];
  }

  #closeReplaced(): Effect<never, never> {
    return { kind: 'close', reason: 'replaced', text: KICK_REASONS.replaced[this.#endpoint.locale] };
  }

  #goodbye(reason: 'shutting_down' | 'disconnected'): Out {
    const { locale } = this.#endpoint;
    const later = lost('going_away', 'afterMs');
    if (reason === 'shutting_down') {
      const text = errorText('shutting_down', locale);
      return [this.#error('shutting_down'), later, { kind: 'close', reason: 'shutting_down', text }];
    }
    const text = KICK_REASONS.disconnected[locale];
    return [send({ type: 'kick', data: { reason: text } }), later, { kind: 'close', reason: 'normal', text }];
  }

  /** Tells of an error with the text of `told`, and closes if the error is fatal. */
  #refuse(error: GatewayError, told: ErrorCode, messageId?: string): Out {
    return [this.#error(told, messageId), ...closeIfFatal(error, this.#endpoint.locale)];
  }

  #error(code: ErrorCode, messageId?: string): Effect<ErrorFrame, never> {
    const message = errorText(code, this.#endpoint.locale);
    return send(
      messageId === undefined
        ? { type: 'error', data: { message } }
        : { type: 'error', data: { message, messageId } },
    );
  }
}
