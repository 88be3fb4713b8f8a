/** Our server's face: toward clients that speak `ourchat` or `ourchat_2`. */
import type { CloseReason } from '../../core/close.ts';
import type { ConnectionContext, Effect, Effects, Outcome, ServerSession } from '../../core/dialect.ts';
import { errorText, GatewayError, type Locale } from '../../core/errors.ts';
import { explain, lost, NOTHING, Pending, READY, route, send } from '../../core/session-kit.ts';
import type { Command, Credential } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { Profile, User } from '../../schemas/model.ts';
import type { EndpointView } from './endpoint-view.ts';
import { ERROR_NUMBERS } from './error-codes.ts';
import { changeOf, chatOf, type Listener, listChangeOf, lostOf, userListOf } from './speech.ts';
import { wireIdOf } from './user-ids.ts';
import type { ChatFrame, Frame } from './wire.ts';

type Out = Effects<Frame, Command>;

/** What a routed command was, until it is settled. */
type Asked = 'login' | 'message' | 'list' | 'report';

/** `claiming`: nobody has said yet who this is. `waiting`: the router is checking it. */
type State = 'new' | 'claiming' | 'waiting' | 'ready' | 'over';

/** Why the older connection of a user ends. The source has no frame for it; this is the close text. */
const REPLACED: Readonly<Record<Locale, string>> = {
  en: 'you have logged in on another device',
  'zh-CN': '您的账号在其他设备登录',
};

/** Longest name that the canonical model holds, in UTF-16 units. */
const MAX_NAME_LENGTH = 256;

export class OurchatServerSession implements ServerSession<Frame> {
  readonly #view: EndpointView;
  readonly #connection: ConnectionContext;
  readonly #pending = new Pending<Asked>();
  #state: State = 'new';
  #self: User | undefined;
  /** The CHAT whose sender is the claim: sent on once the claim is accepted. */
  #claim: ChatFrame | undefined;
  #loggedInAt = 0;

  constructor(view: EndpointView, connection: ConnectionContext) {
    this.#view = view;
    this.#connection = connection;
  }

  open(): Out {
    const { authentication, heartbeat } = this.#view.endpoint;
    const timer: Out =
      heartbeat.silenceMs === null
        ? NOTHING
        : [{ kind: 'timer', name: 'silence', afterMs: heartbeat.silenceMs, restart: 'received_or_pong' }];
    if (authentication === 'none') {
      this.#state = 'claiming';
      return timer;
    }
    const { credentials } = this.#connection;
    if (credentials.length > 0) return [...timer, this.#authenticate(credentials)];
    if (authentication === 'anonymous') return [...timer, this.#authenticate([{ kind: 'anonymous' }])];
    return this.#end(new GatewayError('unauthenticated', { fatal: 'unauthenticated' }));
  }

  receive(frame: Frame): Out {
    if (this.#state === 'over') return NOTHING;
    switch (frame.type) {
      case 'chat':
        return this.#receiveChat(frame);
      case 'request_user_list':
        // Without a login there is no list yet; it comes by itself after the login.
        if (this.#state !== 'ready') return NOTHING;
        return [
          route(this.#pending.add('list'), { type: 'list_users', group: this.#view.endpoint.options.lobby }),
        ];
      case 'error':
        return [
          route(this.#pending.add('report'), {
            type: 'report_error',
            code: String(frame.code),
            message: frame.message,
          }),
        ];
      case 'system':
      case 'user_list':
        return this.#refuse(new GatewayError('frame_unknown'));
      default:
        return frame satisfies never;
    }
  }

  deliver(event: Event): Out {
    switch (event.type) {
      case 'message': {
        const frame = chatOf(event.message, this.#listener());
        if (typeof frame === 'string') return [lost('message', frame)];
        const missing = lostOf(event.message);
        return missing.length === 0 ? [send(frame)] : [send(frame), lost('message', ...missing)];
      }
      case 'presence_changed': {
        this.#view.seeChange(event);
        if (event.user.id === this.#self?.id) return NOTHING;
        const change = changeOf(event.user, event.online, event.at, this.#connection.identity);
        return change === undefined
          ? [lost('presence_changed', 'user')]
          : [send({ type: 'system', ...change })];
      }
      case 'user_list':
        if (event.group.id !== this.#view.endpoint.options.lobby) return [lost('user_list')];
        this.#view.seeList(event);
        return this.#list(event.online, event.offline);
      case 'session_replaced':
        return this.#close('replaced', REPLACED[this.#view.endpoint.locale]);
      case 'going_away':
        return event.reason === 'shutting_down'
          ? this.#end(new GatewayError('shutting_down'))
          : this.#close('normal', '');
      case 'authenticated':
        return NOTHING;
      case 'message_read':
      case 'message_revoked':
      case 'relayed':
      case 'member_joined':
      case 'member_left':
      case 'member_removed':
      case 'contact_requested':
      case 'contact_accepted':
      case 'group_dissolved':
      case 'group_transferred':
      case 'member_muted':
      case 'group_announcement':
      case 'group_invited':
        return [lost(event.type)];
      default:
        return event satisfies never;
    }
  }

  settle(ref: number, outcome: Outcome): Out {
    const asked = this.#pending.take(ref);
    if (asked === undefined || asked === 'report' || this.#state === 'over') return NOTHING;
    if (asked === 'login') return this.#settleLogin(outcome);
    if (!outcome.ok) return this.#refuse(outcome.error);
    const { result } = outcome;
    if (result.type === 'users') return this.#list(result.online, result.offline);
    // The message event is the answer, but none follows for one that was stored before.
    if (result.type !== 'stored' || !result.duplicate) return NOTHING;
    const frame = chatOf(result.message, this.#listener());
    return typeof frame === 'string' ? [lost('message', frame)] : [send(frame)];
  }

  fail(error: GatewayError): Out {
    return this.#state === 'over' ? NOTHING : this.#refuse(error);
  }

  expire(timer: string): Out {
    return timer === 'silence' && this.#state !== 'over' ? this.#end(new GatewayError('silence')) : NOTHING;
  }

  /** Group chat and user lists read the same for everybody; private chat goes to few, with a name of its own. */
  fanoutKey(event: Event): string | undefined {
    switch (event.type) {
      case 'message': {
        const { to, from } = event.message;
        if (event.origin === this.#connection.id) return undefined;
        if (to.type !== 'group' || to.id !== this.#view.endpoint.options.lobby) return undefined;
        return this.#wireId(from.id) === undefined ? undefined : 'chat';
      }
      case 'presence_changed':
        return event.user.id === this.#self?.id || this.#wireId(event.user.id) === undefined
          ? undefined
          : 'system';
      case 'user_list': {
        if (event.group.id !== this.#view.endpoint.options.lobby) return undefined;
        if (!this.#view.form.listHasChange) return 'user_list';
        const change = listChangeOf(this.#listener());
        return change === null ? undefined : `user_list ${change.userId} ${change.online} ${change.at}`;
      }
      default:
        return undefined;
    }
  }

  #authenticate(credentials: readonly Credential[]): Effect<Frame, Command> {
    this.#state = 'waiting';
    return route(this.#pending.add('login'), { type: 'authenticate', credentials });
  }

  #settleLogin(outcome: Outcome): Out {
    const claim = this.#claim;
    this.#claim = undefined;
    if (!outcome.ok) return this.#end(outcome.error);
    if (outcome.result.type === 'authenticated') this.#self = outcome.result.user;
    this.#loggedInAt = this.#connection.now();
    this.#state = 'ready';
    return claim === undefined ? [READY] : [READY, ...this.#receiveChat(claim)];
  }

  #receiveChat(frame: ChatFrame): Out {
    const from = String(frame.fromUserId);
    const sender = this.#connection.identity.toCanonical(from);
    if (this.#state === 'claiming') {
      this.#claim = frame;
      return [this.#authenticate([{ kind: 'claim', user: claimOf(sender ?? from, frame.fromNickname) }])];
    }
    if (this.#state !== 'ready') return this.#refuse(new GatewayError('unauthenticated'));
    const claimedSender = sender ?? (this.#view.endpoint.authentication === 'none' ? from : undefined);
    if (claimedSender === undefined) return this.#refuse(new GatewayError('sender_mismatch'));
    return this.#sendMessage(frame, claimedSender);
  }

  #sendMessage(frame: ChatFrame, claimedSender: string): Out {
    const { options } = this.#view.endpoint;
    const message = {
      type: 'send_message',
      content: frame.content,
      contentType: 'text',
      claimedSender,
    } as const;
    if (frame.toUserId === null) {
      const target = { type: 'group', id: options.lobby } as const;
      return [route(this.#pending.add('message'), { ...message, target })];
    }
    const id = this.#connection.identity.toCanonical(String(frame.toUserId));
    if (id === undefined) return this.#refuse(new GatewayError('recipient_unknown'));
    const target = { type: 'user', id } as const;
    return [
      route(
        this.#pending.add('message'),
        options.offline === 'refuse' ? { ...message, target, onlineOnly: true } : { ...message, target },
      ),
    ];
  }

  #list(online: readonly User[], offline: readonly User[]): Out {
    const { frame, missing } = userListOf({ online, offline }, this.#listener());
    return missing.length === 0 ? [send(frame)] : [send(frame), lost('user_list', ...missing)];
  }

  #listener(): Listener {
    return {
      view: this.#view,
      identity: this.#connection.identity,
      user: this.#self,
      loggedInAt: this.#loggedInAt,
    };
  }

  #wireId(userId: string): number | undefined {
    return wireIdOf(this.#connection.identity, userId);
  }

  /** ERROR, and the end if the error is fatal. */
  #refuse(error: GatewayError): Out {
    return error.fatal === undefined ? [this.#error(error)] : this.#end(error);
  }

  /** ERROR and the end. */
  #end(error: GatewayError): Out {
    return [
      this.#error(error),
      ...this.#close(error.fatal ?? 'unauthenticated', explain(error, this.#view.endpoint.locale)),
    ];
  }

  #close(reason: CloseReason, text: string): Out {
    this.#state = 'over';
    return [{ kind: 'close', reason, text }];
  }

  /** The table's text as it is: clients show it to people. */
  #error({ code }: GatewayError): Effect<Frame, Command> {
    const message = errorText(code, this.#view.endpoint.locale);
    return send({ type: 'error', code: ERROR_NUMBERS[code], message });
  }
}

/** The profile that nobody checks: only where the endpoint says `auth: none`. */
function claimOf(id: string, nickname: string | null): Profile {
  return { id, name: (nickname || id).slice(0, MAX_NAME_LENGTH).toWellFormed() };
}
