/** Server face: we are the server of a client that speaks `socket`. */
import type {
  ConnectionContext,
  Effect,
  Effects,
  EndpointContext,
  Face,
  Outcome,
  ServerSession,
} from '../../core/dialect.ts';
import { GatewayError } from '../../core/errors.ts';
import { lost, NOTHING, Pending, READY, route, send } from '../../core/session-kit.ts';
import type { Command } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { Target } from '../../schemas/model.ts';
import { admit } from './admission.ts';
import { Answers } from './answers.ts';
import { ChannelMap } from './channels.ts';
import { clientFrames } from './codec.ts';
import { Heartbeat } from './heartbeat.ts';
import { publishedCommand, sentCommand } from './inbound.ts';
import type { Login } from './login.ts';
import type { SocketOptions } from './options.ts';
import { frameOf, isRelayable, lossesOf, onChannel } from './outbound.ts';
import type { ChannelKeys } from './signature.ts';
import { Subscriptions } from './subscriptions.ts';
import {
  type ClientFrame,
  type ClientSystemFrame,
  isClientMessage,
  isClientSystem,
  type ServerFrame,
  type SocketFrame,
  type SubscribeFrame,
} from './wire.ts';

type ServerEffects = Effects<SocketFrame, Command>;

/** What was asked for by a routed command, until it is settled. */
type Routed =
  | { readonly kind: 'login' }
  | { readonly kind: 'subscribe'; readonly name: string; readonly target: Target }
  | { readonly kind: 'unsubscribe'; readonly name: string }
  | { readonly kind: 'message'; readonly messageId: string | undefined }
  | { readonly kind: 'published' };

/** What the sessions of one endpoint share. */
interface Shared {
  readonly endpoint: EndpointContext<SocketOptions>;
  readonly channels: ChannelMap;
  readonly keys: ChannelKeys;
  readonly answers: Answers;
}

export function socketServer(
  endpoint: EndpointContext<SocketOptions>,
): (connection: ConnectionContext) => Face<SocketFrame, Event, Command> {
  const shared: Shared = {
    endpoint,
    channels: new ChannelMap(endpoint.options.channels),
    keys: new Map(Object.entries(endpoint.options.channelKeys)),
    answers: new Answers(endpoint),
  };
  const codec = clientFrames();
  return (connection) => ({ codec, session: new SocketServerSession(shared, connection) });
}

class SocketServerSession implements ServerSession<SocketFrame> {
  readonly #shared: Shared;
  readonly #options: SocketOptions;
  readonly #answers: Answers;
  readonly #connection: ConnectionContext;
  /** Signed by the `auth` of private channels. */
  readonly #socketId: string;
  readonly #heartbeat: Heartbeat<SocketFrame>;
  readonly #subscriptions = new Subscriptions();
  readonly #pending = new Pending<Routed>();
  #login: Login | undefined;

  constructor(shared: Shared, connection: ConnectionContext) {
    this.#shared = shared;
    this.#options = shared.endpoint.options;
    this.#answers = shared.answers;
    this.#connection = connection;
    this.#socketId = connection.newId();
    const { pingIntervalMs: intervalMs, pongTimeoutMs: timeoutMs } = this.#options;
    this.#heartbeat = new Heartbeat({ intervalMs, timeoutMs }, () => PING);
  }

  open(): ServerEffects {
    const { endpoint } = this.#shared;
    const heart = {
      interval: this.#options.heartIntervalSeconds,
      timeout: this.#options.heartTimeoutSeconds,
    };
    const effects: Effect<SocketFrame, Command>[] = [
      send({ event: 'socket:connected', data: { socket_id: this.#socketId, heart } }),
    ];
    const { silenceMs } = endpoint.heartbeat;
    if (silenceMs !== null) {
      effects.push({ kind: 'timer', name: 'silence', afterMs: silenceMs, restart: 'received' });
    }
    if (this.#options.serverPing) effects.push(...this.#heartbeat.start());
    const given = this.#connection.credentials;
    if (given.length > 0 || endpoint.authentication !== 'required') {
      const credentials = given.length > 0 ? given : [{ kind: 'anonymous' } as const];
      effects.push(route(this.#pending.add({ kind: 'login' }), { type: 'authenticate', credentials }));
    }
    return effects;
  }

  receive(frame: ClientFrame): ServerEffects {
    if (isClientSystem(frame)) return this.#system(frame);
    const login = this.#login;
    const messageId = isClientMessage(frame) ? frame.data.id || undefined : undefined;
    if (login === undefined) return this.#answers.error(new GatewayError('unauthenticated'), messageId);
    const command = isClientMessage(frame) ? sentCommand(frame, login) : publishedCommand(frame, login);
    if (command instanceof GatewayError) return this.#answers.error(command, messageId);
    const routed: Routed =
      command.type === 'send_message' ? { kind: 'message', messageId } : { kind: 'published' };
    return [route(this.#pending.add(routed), command)];
  }

  #system(frame: ClientSystemFrame): ServerEffects {
    switch (frame.event) {
      case 'socket:connect':
        return NOTHING;
      case 'socket:pong':
        return this.#heartbeat.answered();
      case 'socket:ping': {
        if (this.#login === undefined) return this.#answers.error(new GatewayError('unauthenticated'));
        const id = frame.data?.id ?? undefined;
        return [send(id === undefined ? PONG : { event: 'socket:pong', data: { reply: id } })];
      }
      case 'socket:subscribe':
        return this.#subscribe(frame.data);
      case 'socket:unsubscribe':
        return this.#unsubscribe(frame.data.channel);
    }
    return frame satisfies never;
  }

  #subscribe(data: SubscribeFrame['data']): ServerEffects {
    const name = data.channel;
    const login = this.#login;
    const target = login === undefined ? new GatewayError('unauthenticated') : admit(data, login);
    if (target instanceof GatewayError) return this.#answers.refused('socket:subscribe', target, name);
    if (this.#subscriptions.namesOf(target).length > 0) {
      this.#subscriptions.add(name, target);
      return this.#answers.granted('socket:subscribe', name);
    }
    return [route(this.#pending.add({ kind: 'subscribe', name, target }), { type: 'subscribe', target })];
  }

  #unsubscribe(name: string): ServerEffects {
    const target = this.#subscriptions.targetOf(name);
    if (this.#login === undefined || target === undefined) {
      const code = this.#login === undefined ? 'unauthenticated' : 'not_subscribed';
      return this.#answers.refused('socket:unsubscribe', new GatewayError(code), name);
    }
    if (this.#subscriptions.namesOf(target).length > 1) {
      this.#subscriptions.remove(name);
      return this.#answers.granted('socket:unsubscribe', name);
    }
    return [route(this.#pending.add({ kind: 'unsubscribe', name }), { type: 'unsubscribe', target })];
  }

  settle(ref: number, outcome: Outcome): ServerEffects {
    const routed = this.#pending.take(ref);
    switch (routed?.kind) {
      case 'login':
        return this.#loggedIn(outcome);
      case 'subscribe':
        // The table of names is the session's: what the router calls a repetition is news to the client.
        if (!outcome.ok && outcome.error.code !== 'already_subscribed') {
          return this.#answers.refused('socket:subscribe', outcome.error, routed.name);
        }
        this.#subscriptions.add(routed.name, routed.target);
        return this.#answers.granted('socket:subscribe', routed.name);
      case 'unsubscribe':
        if (!outcome.ok && !isGone(outcome.error)) {
          return this.#answers.refused('socket:unsubscribe', outcome.error, routed.name);
        }
        this.#subscriptions.remove(routed.name);
        return this.#answers.granted('socket:unsubscribe', routed.name);
      case 'message': {
        if (!outcome.ok) return this.#answers.error(outcome.error, routed.messageId);
        const { result } = outcome;
        const id = routed.messageId ?? (result.type === 'stored' ? result.message.id : undefined);
        return id === undefined ? NOTHING : [send({ event: 'ack', data: { id, status: 'success' } })];
      }
      case 'published':
        return outcome.ok ? NOTHING : this.#answers.error(outcome.error);
      case undefined:
        return NOTHING;
    }
    return routed satisfies never;
  }

  #loggedIn(outcome: Outcome): ServerEffects {
    if (!outcome.ok) return this.#answers.loginFailed(outcome.error);
    if (outcome.result.type !== 'authenticated') return NOTHING;
    const { user, anonymous } = outcome.result;
    this.#login = {
      user: { id: user.id, anonymous },
      socketId: this.#socketId,
      identity: this.#connection.identity,
      subscriptions: this.#subscriptions,
      channels: this.#shared.channels,
      keys: this.#shared.keys,
      options: this.#options,
    };
    return [READY];
  }

  deliver(event: Event): ServerEffects {
    if (this.#isOwn(event)) return NOTHING;
    const self = this.#login?.user.id ?? '';
    const frame = frameOf(event, self, this.#connection.identity);
    const channels = this.#subscriptions.channelsOf(event, self);
    const effects: Effect<SocketFrame, Command>[] = [];
    if (frame === undefined || channels.length === 0) {
      effects.push(lost(event.type));
    } else {
      for (const channel of channels) effects.push(send(onChannel(frame, channel)));
      const fields = lossesOf(event, self, this.#connection.identity);
      if (fields.length > 0) effects.push(lost(event.type, ...fields));
    }
    effects.push(...this.#consequences(event, self));
    return effects;
  }

  #consequences(event: Event, self: string): ServerEffects {
    if (event.type === 'session_replaced') {
      return [{ kind: 'close', reason: 'replaced', text: 'replaced by a newer login' }];
    }
    if (event.type === 'going_away') {
      const reason = event.reason === 'shutting_down' ? 'shutting_down' : 'normal';
      return [{ kind: 'close', reason, text: 'the server ends this connection' }];
    }
    const expelled = event.type === 'member_removed' && event.user.id === self && !event.group.open;
    if (expelled || event.type === 'group_dissolved') this.#subscriptions.removeGroup(event.group.id);
    return NOTHING;
  }

  /**
   * The channel name is all that differs between the connections of an endpoint. Only for the frequent events;
   * `undefined` also where `deliver` would send twice or nothing.
   */
  fanoutKey(event: Event): string | undefined {
    if (this.#isOwn(event)) return undefined;
    if (event.type === 'message') return this.#onlyChannel(event, event.message.from.id);
    if (event.type === 'relayed') return isRelayable(event) ? this.#onlyChannel(event) : undefined;
    return event.type === 'member_joined' || event.type === 'member_left' || event.type === 'presence_changed'
      ? this.#onlyChannel(event, event.user.id)
      : undefined;
  }

  #onlyChannel(event: Event, about?: string): string | undefined {
    const channels = this.#subscriptions.channelsOf(event, this.#login?.user.id ?? '');
    if (channels.length !== 1) return undefined;
    if (about !== undefined && this.#connection.identity.toWire(about) === undefined) return undefined;
    return channels[0] ?? '';
  }

  /** A sender's own connection gets an `ack` instead of a copy. */
  #isOwn(event: Event): boolean {
    return event.origin === this.#connection.id && (event.type === 'message' || event.type === 'relayed');
  }

  fail(error: GatewayError): ServerEffects {
    const request = error.salvaged?.event;
    if (request === 'socket:subscribe' || request === 'socket:unsubscribe') {
      return this.#answers.refused(request, error, error.salvaged?.channel);
    }
    return this.#answers.error(error, error.messageId);
  }

  expire(timer: string): ServerEffects {
    switch (timer) {
      case 'ping':
        return this.#heartbeat.beat();
      case 'pong':
        return this.#answers.error(new GatewayError('silence', { detail: 'no socket:pong in time' }));
      case 'silence':
        return this.#answers.error(new GatewayError('silence'));
      default:
        return NOTHING;
    }
  }
}

/** The router has no such subscription any more, which is what the client asks for. */
const isGone = (error: GatewayError): boolean =>
  error.code === 'not_subscribed' || error.code === 'group_unknown';

const PING: ServerFrame = Object.freeze({ event: 'socket:ping' });
const PONG: ServerFrame = Object.freeze({ event: 'socket:pong' });
