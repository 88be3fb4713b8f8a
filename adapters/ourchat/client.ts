/** Our client's face: toward an upstream server that speaks `ourchat` or `ourchat_2`. */
import type { ClientSession, ConnectionContext, Effect, Effects, Outcome } from '../../core/dialect.ts';
import { type ErrorCode, GatewayError } from '../../core/errors.ts';
import { explain, lost, NOTHING, READY, route, send } from '../../core/session-kit.ts';
import type { Command, CommandOf, Credential } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { Destination, User } from '../../schemas/model.ts';
import type { Result } from '../../schemas/outcome.ts';
import type { EndpointView } from './endpoint-view.ts';
import { errorNumberOf } from './error-codes.ts';
import { errorOf, Reading } from './reading.ts';
import { Unanswered } from './unanswered.ts';
import { wireIdOf } from './user-ids.ts';
import type { Change, ChatFrame, ErrorFrame, Frame, UserListFrame } from './wire.ts';

type Out = Effects<Frame, Event>;

interface UserList {
  readonly online: readonly User[];
  readonly offline: readonly User[];
}

/** ERRORs after which the connection is of no use: it is not logged in, and there is no second way to do so. */
const LOGIN_FAULTS: ReadonlySet<ErrorCode> = new Set(['unauthenticated', 'token_invalid', 'token_expired']);

export class OurchatClientSession implements ClientSession<Frame> {
  readonly #view: EndpointView;
  readonly #connection: ConnectionContext;
  readonly #reading: Reading;
  readonly #unanswered = new Unanswered();
  /** Refs of `list_users` that wait for the next list. */
  #listing: readonly number[] = [];
  /** Who we are here, as far as a claim or a command has said; the server never does. */
  #self: User | undefined;
  #list: UserList | undefined;
  #lastChange: Change | undefined;
  #nextRef = 1;

  constructor(view: EndpointView, connection: ConnectionContext) {
    this.#view = view;
    this.#connection = connection;
    this.#reading = new Reading(view, connection);
  }

  /** The token is in the URL, and no answer says that it was good: we are ready at once. */
  open(): Out {
    this.#learnSelf(this.#connection.credentials);
    const { silenceMs } = this.#view.endpoint.heartbeat;
    const { listRequest } = this.#view.form;
    const timer: Out =
      silenceMs === null
        ? NOTHING
        : [{ kind: 'timer', name: 'silence', afterMs: silenceMs, restart: 'received_or_pong' }];
    return [...timer, ...(listRequest === null ? NOTHING : [send(listRequest)]), READY];
  }

  receive(frame: Frame): Out {
    switch (frame.type) {
      case 'chat':
        return this.#receiveChat(frame);
      case 'system':
        return this.#receiveChange(frame);
      case 'user_list':
        return this.#receiveList(frame);
      case 'error':
        return this.#receiveError(frame);
      case 'request_user_list':
        return NOTHING;
      default:
        return frame satisfies never;
    }
  }

  deliver(command: Command, ref = 0): Out {
    switch (command.type) {
      case 'authenticate':
        this.#learnSelf(command.credentials);
        return [
          settled(
            ref,
            this.#self === undefined
              ? { type: 'done' }
              : { type: 'authenticated', user: this.#self, anonymous: false },
          ),
        ];
      case 'send_message':
        return this.#sendMessage(command, ref);
      case 'join_group':
      case 'leave_group':
        return this.#attend(command, ref);
      case 'subscribe':
        return this.#reaches(command.target)
          ? [settled(ref, { type: 'subscribed', target: command.target })]
          : this.#cannot(command, ref);
      case 'list_users':
        return this.#listUsers(command, ref);
      case 'report_error':
        return [
          send({ type: 'error', code: errorNumberOf(command.code), message: command.message }),
          settled(ref, { type: 'done' }),
        ];
      case 'disconnect':
        return [settled(ref, { type: 'done' }), { kind: 'close', reason: 'normal', text: '' }];
      case 'send_batch':
      case 'revoke_message':
      case 'mark_read':
      case 'settle_delivery':
      case 'sync':
      case 'unsubscribe':
      case 'relay':
        return this.#cannot(command, ref);
      default:
        return command satisfies never;
    }
  }

  /** Events need no answer upstream. */
  settle(): Out {
    return NOTHING;
  }

  /** Not answered with an ERROR: the author's own server would take it for a message, and store it. */
  fail(error: GatewayError): Out {
    if (error.fatal === undefined) return NOTHING;
    return [{ kind: 'close', reason: error.fatal, text: explain(error, this.#view.endpoint.locale) }];
  }

  expire(timer: string): Out {
    return timer === 'silence' ? this.fail(new GatewayError('silence')) : NOTHING;
  }

  #receiveChat(frame: ChatFrame): Out {
    const message = this.#reading.message(frame);
    const { ref, refused } = this.#unanswered.echo(frame);
    if (ref === undefined) return [this.#route({ type: 'message', namespace: message.namespace, message })];
    return [...refused.map(refusal), settled(ref, { type: 'stored', message, duplicate: false })];
  }

  #receiveChange(change: Change): Out {
    this.#lastChange = change;
    return [this.#route(this.#reading.presence(change))];
  }

  #receiveList(frame: UserListFrame): Out {
    const online = frame.online.map((user) => this.#reading.user(user));
    const offline = frame.offline.map((user) => this.#reading.user(user));
    const group = this.#reading.lobby();
    this.#list = { online, offline };
    const listing = this.#listing;
    this.#listing = [];
    const { change } = frame;
    return [
      // A list repeats the last change; only a new one is news.
      ...(change === null || isSame(change, this.#lastChange) ? NOTHING : this.#receiveChange(change)),
      this.#route({ type: 'user_list', namespace: group.namespace, group, online, offline }),
      ...listing.map((ref) => settled(ref, { type: 'users', group, online, offline })),
    ];
  }

  #receiveError(frame: ErrorFrame): Out {
    const error = errorOf(frame);
    const effects: Effect<Frame, Event>[] = this.#unanswered.error(error).map(refusal);
    // No chat is waiting: it answers the requests for a list, if anything.
    if (effects.length === 0 && this.#unanswered.size === 0) {
      effects.push(...this.#listing.map((ref) => refusal({ ref, error })));
      this.#listing = [];
    }
    if (LOGIN_FAULTS.has(error.code)) {
      effects.push({ kind: 'close', reason: 'unauthenticated', text: frame.message });
    } else if (error.code === 'shutting_down') {
      const { namespace } = this.#view.endpoint;
      effects.push(this.#route({ type: 'going_away', namespace, reason: 'shutting_down', afterMs: 0 }));
    }
    return effects;
  }

  #sendMessage(command: CommandOf<'send_message'>, ref: number): Out {
    const { target } = command;
    const sender = command.claimedSender ?? this.#self?.id;
    const fromUserId = sender === undefined ? undefined : wireIdOf(this.#connection.identity, sender);
    if (fromUserId === undefined) return this.#cannot(command, ref, 'claimedSender');
    let toUserId: number | null = null;
    if (target.type === 'user') {
      const wireId = wireIdOf(this.#connection.identity, target.id);
      if (wireId === undefined) return [refusal({ ref, error: new GatewayError('recipient_unknown') })];
      toUserId = wireId;
    } else if (target.id !== this.#view.endpoint.options.lobby) {
      return this.#cannot(command, ref, 'target');
    }
    const { content } = command;
    this.#unanswered.add({ ref, fromUserId, toUserId, content });
    const missing = lostOf(command);
    return [
      send({
        type: 'chat',
        fromUserId,
        fromNickname: sender === this.#self?.id ? (this.#self?.name ?? null) : null,
        toUserId,
        toNickname: null,
        content,
        at: null,
      }),
      ...(missing.length === 0 ? NOTHING : [lost('send_message', ...missing)]),
    ];
  }

  /** Being logged in is attending the lobby: nobody upstream hears of joining and leaving it. */
  #attend(command: CommandOf<'join_group' | 'leave_group'>, ref: number): Out {
    const { claimedSender, group } = command;
    const user = claimedSender === undefined ? this.#self : this.#known(claimedSender);
    if (user === undefined || group !== this.#view.endpoint.options.lobby) return this.#cannot(command, ref);
    if (command.type === 'leave_group') {
      return [lost(command.type), settled(ref, { type: 'left', group: this.#reading.lobby(), user })];
    }
    const online = this.#list?.online ?? [];
    const attending = online.some(({ id }) => id === user.id) ? online : [...online, user];
    return [
      lost(command.type),
      settled(ref, { type: 'joined', group: this.#reading.lobby(), user, attending }),
    ];
  }

  #listUsers(command: CommandOf<'list_users'>, ref: number): Out {
    const { listRequest } = this.#view.form;
    if (command.group !== this.#view.endpoint.options.lobby) return this.#cannot(command, ref);
    if (listRequest !== null) {
      this.#listing = [...this.#listing, ref];
      return [send(listRequest)];
    }
    if (this.#list === undefined) return this.#cannot(command, ref);
    return [settled(ref, { type: 'users', group: this.#reading.lobby(), ...this.#list })];
  }

  #reaches(target: Destination): boolean {
    return (
      target.type === 'user' || (target.type === 'group' && target.id === this.#view.endpoint.options.lobby)
    );
  }

  /** Not expressible: counted, and refused. */
  #cannot(command: Command, ref: number, ...fields: readonly string[]): Out {
    return [lost(command.type, ...fields), refusal({ ref, error: new GatewayError('unsupported') })];
  }

  #route(event: Event): Effect<Frame, Event> {
    return route(this.#nextRef++, event);
  }

  #learnSelf(credentials: readonly Credential[]): void {
    for (const credential of credentials) {
      if (credential.kind === 'claim') {
        this.#self = { ...credential.user, namespace: this.#view.endpoint.namespace };
      }
    }
  }

  #known(userId: string): User {
    const listed = this.#list?.online.find(({ id }) => id === userId);
    if (this.#self?.id === userId) return this.#self;
    return listed ?? { namespace: this.#view.endpoint.namespace, id: userId, name: userId };
  }
}

const settled = (ref: number, result: Result): Effect<never, never> => {
  const outcome: Outcome = { ok: true, result };
  return { kind: 'settled', ref, outcome };
};

const refusal = (refused: { readonly ref: number; readonly error: GatewayError }): Effect<never, never> => ({
  kind: 'settled',
  ref: refused.ref,
  outcome: { ok: false, error: refused.error },
});

const isSame = (one: Change, other: Change | undefined): boolean =>
  one.userId === other?.userId && one.online === other.online && one.at === other.at;

function lostOf(command: CommandOf<'send_message'>): readonly string[] {
  const fields: string[] = [];
  if (command.contentType !== 'text') fields.push('contentType');
  if (command.clientId !== undefined) fields.push('clientId');
  if (command.replyTo !== undefined) fields.push('replyTo');
  if (command.attachment !== undefined) fields.push('attachment');
  if (command.onlineOnly !== undefined) fields.push('onlineOnly');
  return fields;
}
