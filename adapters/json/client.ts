/** The client's side of the dialect: our connection to an upstream server that speaks `json`. */
import type {
  ConnectionContext,
  Effect,
  Effects,
  EndpointContext,
  Outcome,
  Session,
} from '../../core/dialect.ts';
import { GatewayError } from '../../core/errors.ts';
import { closeIfFatal, lost, NOTHING, READY, route, send } from '../../core/session-kit.ts';
import type { Command, CommandOf, SendMessage } from '../../schemas/command.ts';
import type { Event, EventOf } from '../../schemas/event.ts';
import type { Destination, Message, Target, User } from '../../schemas/model.ts';
import type { Result } from '../../schemas/outcome.ts';
import { AwaitedMessages } from './awaited.ts';
import { writeContentType } from './content-type.ts';
import type { JsonOptions } from './options.ts';
import { PeerEvents } from './peer-events.ts';
import type { ErrorFrame, JsonFrame, SentMessageFrame, ServerFrame } from './wire.ts';
import { codeOfText, errorOfText } from './words.ts';

type Out = Effects<JsonFrame, Event>;

const DONE: Result = { type: 'done' };

const settled = (ref: number, result: Result): Effect<never, never> => ({
  kind: 'settled',
  ref,
  outcome: { ok: true, result },
});

const failed = (ref: number, error: GatewayError): Effect<never, never> => ({
  kind: 'settled',
  ref,
  outcome: { ok: false, error },
});

export class JsonClientSession implements Session<JsonFrame, Command, Event> {
  readonly #endpoint: EndpointContext<JsonOptions>;
  readonly #connection: ConnectionContext;
  readonly #peer: PeerEvents;
  readonly #awaited = new AwaitedMessages();
  #me: User | undefined;
  #nextRef = 1;

  constructor(endpoint: EndpointContext<JsonOptions>, connection: ConnectionContext) {
    this.#endpoint = endpoint;
    this.#connection = connection;
    this.#peer = new PeerEvents(endpoint.namespace, connection);
  }

  open(): Out {
    const effects: Effect<JsonFrame, Event>[] = [];
    const { silenceMs } = this.#endpoint.heartbeat;
    if (silenceMs !== null) {
      effects.push({ kind: 'timer', name: 'silence', afterMs: silenceMs, restart: 'received_or_pong' });
    }
    effects.push(...this.#armPing());
    const token = this.#token();
    // Without a token there is nothing to say: the URL may have carried it, and the server speaks next.
    if (token !== undefined) effects.push(send({ type: 'auth', data: { token } }));
    return effects;
  }

  receive(frame: ServerFrame): Out {
    switch (frame.type) {
      case 'auth_success':
        return this.#loggedIn(frame.data.userId);
      case 'auth_error':
        return [{ kind: 'close', reason: 'unauthenticated', text: frame.data.message }];
      case 'ack':
        return this.#acknowledged(frame.data.id, frame.data.status);
      case 'error':
        return this.#refused(frame);
      case 'pong':
      case 'bare_pong':
        return NOTHING;
      case 'message':
      case 'kick':
      case 'friend_request':
      case 'friend_accepted':
      case 'message_revoked':
      case 'group_member_quit':
      case 'group_member_kick':
      case 'group_dissolved':
      case 'group_transfer':
      case 'group_member_mute':
      case 'group_announcement':
      case 'group_invite': {
        const event = this.#me && this.#peer.event(frame, this.#me);
        return event === undefined ? [lost(frame.type)] : [route(this.#nextRef++, event)];
      }
      default:
        return frame satisfies never;
    }
  }

  /** A message that says its own time: only its name and its words are read. */
  commonMessage(frame: ServerFrame): EventOf<'message'> | undefined {
    if (this.#me === undefined || frame.type !== 'message' || frame.data.timestamp == null) return undefined;
    const event = this.#peer.event(frame, this.#me);
    return event?.type === 'message' ? event : undefined;
  }

  deliver(command: Command, ref = 0): Out {
    const me = this.#me;
    if (me === undefined) return [failed(ref, new GatewayError('upstream_unavailable'))];
    switch (command.type) {
      case 'authenticate':
        return [settled(ref, { type: 'authenticated', user: me, anonymous: false })];
      case 'send_message':
        return this.#sendMessage(command, ref, me);
      case 'mark_read':
        return this.#markRead(command, ref);
      case 'subscribe':
        return this.#attends(command.target)
          ? [settled(ref, { type: 'subscribed', target: command.target })]
          : unsupported(command, ref);
      case 'unsubscribe':
        return this.#attends(command.target)
          ? [settled(ref, { type: 'unsubscribed', target: command.target })]
          : unsupported(command, ref);
      // Who is logged in attends its groups: nothing is asked, and nobody is told.
      case 'join_group': {
        const group = this.#peer.group(command.group);
        const joined: Result = { type: 'joined', group, user: me, attending: [me] };
        return [lost(command.type, 'attending'), settled(ref, joined)];
      }
      case 'leave_group': {
        const left: Result = { type: 'left', group: this.#peer.group(command.group), user: me };
        return [lost(command.type, 'attending'), settled(ref, left)];
      }
      // The server replayed what was missed when we logged in.
      case 'sync':
        return [
          settled(
            ref,
            command.target === undefined
              ? { type: 'synced', count: 0 }
              : { type: 'synced', target: command.target, count: 0 },
          ),
        ];
      case 'disconnect':
        return [settled(ref, DONE), { kind: 'close', reason: 'normal', text: '' }];
      case 'send_batch':
      case 'revoke_message':
      case 'settle_delivery':
      case 'list_users':
      case 'relay':
      case 'report_error':
        return unsupported(command, ref);
      default:
        return command satisfies never;
    }
  }

  /** Events need no answer in this dialect. */
  settle(_ref: number, _outcome: Outcome): Out {
    return NOTHING;
  }

  /** A client of this dialect has no words for the server's faults. */
  fail(error: GatewayError): Out {
    return closeIfFatal(error, this.#endpoint.locale);
  }

  expire(timer: string): Out {
    if (timer === 'ping') return [send({ type: 'ping' }), ...this.#armPing()];
    if (timer === 'silence') return this.fail(new GatewayError('silence'));
    return NOTHING;
  }

  #armPing(): Out {
    const { pingIntervalMs } = this.#endpoint.options;
    return pingIntervalMs === 0 ? NOTHING : [{ kind: 'timer', name: 'ping', afterMs: pingIntervalMs }];
  }

  #token(): string | undefined {
    for (const credential of this.#connection.credentials) {
      if (credential.kind === 'token') return credential.token;
      // The server of an endpoint without authentication takes a token for the name that it stands for.
      if (credential.kind === 'claim') return this.#connection.identity.toWire(credential.user.id);
    }
    return undefined;
  }

  #loggedIn(userId: string): Out {
    if (this.#me !== undefined) return NOTHING;
    const user = this.#peer.user(userId);
    if (user === undefined) {
      const text = 'the upstream user has no identity here';
      return [lost('auth_success'), { kind: 'close', reason: 'unauthenticated', text }];
    }
    this.#me = user;
    const { namespace } = this.#endpoint;
    return [route(this.#nextRef++, { type: 'authenticated', namespace, user }), READY];
  }

  #sendMessage(command: SendMessage, ref: number, me: User): Out {
    const { identity } = this.#connection;
    const fromId = identity.toWire(me.id);
    const toId = command.target.type === 'group' ? command.target.id : identity.toWire(command.target.id);
    const id = command.clientId ?? this.#connection.newId();
    if (fromId === undefined || toId === undefined) {
      return [failed(ref, new GatewayError('recipient_unknown', { messageId: id }))];
    }
    const frame: SentMessageFrame = {
      type: 'message',
      data: {
        id,
        fromId,
        toId,
        chatType: command.target.type === 'group' ? 'group' : 'single',
        content: command.content,
        contentType: writeContentType(command.contentType, command.extensions),
        replyTo: command.replyTo ?? '',
        imageUrl: command.attachment?.url ?? '',
      },
    };
    this.#awaited.add(id, { ref, message: this.#storedAs(id, command, me) });
    const dropped = droppedOf(command);
    return dropped.length === 0 ? [send(frame)] : [send(frame), lost(command.type, ...dropped)];
  }

  /** The message as the server's ack lets us know it: the wire has neither its sequence nor its time. */
  #storedAs(id: string, command: SendMessage, from: User): Message {
    return {
      id,
      clientId: id,
      namespace: this.#endpoint.namespace,
      sequence: 1,
      from,
      to: command.target,
      content: command.content,
      contentType: command.contentType,
      sentAt: this.#connection.now(),
      ...(command.replyTo === undefined ? undefined : { replyTo: command.replyTo }),
      ...(command.attachment === undefined ? undefined : { attachment: command.attachment }),
      ...(command.extensions === undefined ? undefined : { extensions: command.extensions }),
    };
  }

  #acknowledged(id: string, status: string): Out {
    const awaited = this.#awaited.take(id);
    if (awaited === undefined) return NOTHING;
    return status === 'success'
      ? [settled(awaited.ref, { type: 'stored', message: awaited.message, duplicate: false })]
      : [failed(awaited.ref, errorOfText(status, id))];
  }

  #refused({ data }: ErrorFrame): Out {
    const awaited = data.messageId ? this.#awaited.take(data.messageId) : undefined;
    if (data.messageId && awaited !== undefined) {
      return [failed(awaited.ref, errorOfText(data.message, data.messageId))];
    }
    if (codeOfText(data.message) === 'shutting_down' && this.#me !== undefined) {
      const { namespace } = this.#endpoint;
      const event: Event = { type: 'going_away', namespace, reason: 'shutting_down', afterMs: 0 };
      return [route(this.#nextRef++, event)];
    }
    // It answers nothing that waits for an answer.
    return [lost('error')];
  }

  #markRead(command: CommandOf<'mark_read'>, ref: number): Out {
    const chatId = this.#wireId(command.target);
    if (chatId === undefined) return [failed(ref, new GatewayError('recipient_unknown'))];
    const frame: JsonFrame = { type: 'read', data: { chatId } };
    const done = settled(ref, DONE);
    return command.message === undefined
      ? [send(frame), done]
      : [send(frame), lost(command.type, 'message'), done];
  }

  #wireId(target: Target): string | undefined {
    return target.type === 'group' ? target.id : this.#connection.identity.toWire(target.id);
  }

  /** A client gets its own inbox and its groups without asking; topics and queues do not exist. */
  #attends(target: Destination): boolean {
    return target.type === 'group' || (target.type === 'user' && target.id === this.#me?.id);
  }
}

/** The dialect has no frame for this command. */
const unsupported = (command: Command, ref: number): Out => [
  lost(command.type),
  failed(ref, new GatewayError('unsupported')),
];

/** The fields of a command to send that the frame has no place for. */
function droppedOf({ attachment, onlineOnly }: SendMessage): readonly string[] {
  const dropped: string[] = [];
  if (attachment?.name !== undefined) dropped.push('attachment.name');
  if (attachment?.size !== undefined) dropped.push('attachment.size');
  if (onlineOnly === true) dropped.push('onlineOnly');
  return dropped;
}
