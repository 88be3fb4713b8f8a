/** Client face: we are the client of a server that speaks `socket`. */
import type {
  ClientSession,
  ConnectionContext,
  Effect,
  Effects,
  EndpointContext,
  Face,
  Outcome,
} from '../../core/dialect.ts';
import { GatewayError } from '../../core/errors.ts';
import { closeIfFatal, explain, lost, NOTHING, READY, route, send } from '../../core/session-kit.ts';
import type { Command, CommandOf } from '../../schemas/command.ts';
import type { Event, EventOf } from '../../schemas/event.ts';
import type { Destination, Target } from '../../schemas/model.ts';
import { ChannelMap, PRIVATE_PREFIX } from './channels.ts';
import { serverFrames } from './codec.ts';
import { hasForeignFields, writeContentType } from './content-type.ts';
import { Heartbeat } from './heartbeat.ts';
import type { SocketOptions } from './options.ts';
import { dataOf } from './relay-body.ts';
import { Requests } from './requests.ts';
import { authFor } from './signature.ts';
import { eventOf, type Reading, relayedEvent } from './upstream-events.ts';
import {
  type ConnectedFrame,
  isReservedName,
  isServerEvent,
  isServerSystem,
  type PublishedFrame,
  type ServerEventFrame,
  type ServerFrame,
  type ServerSystemFrame,
  type SocketFrame,
} from './wire.ts';

type ClientEffects = Effects<SocketFrame, Event>;

/** The source's defaults for a server that announces no `heart`, in seconds. */
const DEFAULT_HEART = { interval: 120, timeout: 30 };

/** Bounds of what a server may ask for, in seconds: neither a busy loop nor a timer that overflows. */
const HEART_BOUNDS = { least: 1, most: 86_400 };

interface Shared {
  readonly endpoint: EndpointContext<SocketOptions>;
  readonly channels: ChannelMap;
  /** Signs private channels; undefined if the endpoint has no key. */
  readonly key: readonly [name: string, secret: string] | undefined;
}

export function socketClient(
  endpoint: EndpointContext<SocketOptions>,
): (connection: ConnectionContext) => Face<SocketFrame, Command, Event> {
  const shared: Shared = {
    endpoint,
    channels: new ChannelMap(endpoint.options.channels),
    key: Object.entries(endpoint.options.channelKeys)[0],
  };
  const codec = serverFrames();
  return (connection) => ({ codec, session: new SocketClientSession(shared, connection) });
}

class SocketClientSession implements ClientSession<SocketFrame> {
  readonly #shared: Shared;
  readonly #connection: ConnectionContext;
  readonly #reading: Reading;
  readonly #requests: Requests;
  #socketId: string | undefined;
  #heartbeat: Heartbeat<SocketFrame> | undefined;
  #pings = 0;
  #events = 0;

  constructor(shared: Shared, connection: ConnectionContext) {
    this.#shared = shared;
    this.#connection = connection;
    const { namespace } = shared.endpoint;
    this.#reading = { namespace, connection, target: (channel) => this.#targetOf(channel) };
    this.#requests = new Requests(namespace, connection);
  }

  /** The token is in the URL and the server speaks first. */
  open(): ClientEffects {
    const { silenceMs } = this.#shared.endpoint.heartbeat;
    return silenceMs === null
      ? NOTHING
      : [{ kind: 'timer', name: 'silence', afterMs: silenceMs, restart: 'received' }];
  }

  receive(frame: ServerFrame): ClientEffects {
    if (isServerSystem(frame)) return this.#system(frame);
    return isServerEvent(frame)
      ? this.#told(frame)
      : this.#event(frame.event, relayedEvent(frame, this.#reading));
  }

  /** A message that the server has named and dated. */
  commonMessage(frame: ServerFrame): EventOf<'message'> | undefined {
    if (isServerSystem(frame) || !isServerEvent(frame) || frame.event !== 'message') return undefined;
    const { id, timestamp } = frame.data;
    const event = id === undefined || timestamp === undefined ? undefined : eventOf(frame, this.#reading);
    return event?.type === 'message' ? event : undefined;
  }

  #system(frame: ServerSystemFrame): ClientEffects {
    switch (frame.event) {
      case 'socket:connected':
        return this.#connected(frame.data);
      case 'socket:ping':
        return [send({ event: 'socket:pong' })];
      case 'socket:pong':
        return this.#heartbeat?.answered() ?? NOTHING;
      case 'socket:subscribed':
      case 'socket:unsubscribed':
        return this.#requests.granted(frame.event);
      case 'socket:subscribe.error':
      case 'socket:unsubscribe.error':
        return this.#requests.refused(frame.event, frame.data.error);
    }
    return frame satisfies never;
  }

  /** The server's `heart` wins over the defaults [source: 心跳检测说明]. */
  #connected({ socket_id, heart }: ConnectedFrame['data']): ClientEffects {
    const first = this.#socketId === undefined;
    this.#socketId = socket_id;
    if (!first) return NOTHING;
    const { interval, timeout } = heart ?? DEFAULT_HEART;
    this.#heartbeat = new Heartbeat<SocketFrame>(
      { intervalMs: milliseconds(interval), timeoutMs: milliseconds(timeout) },
      () => ({ event: 'socket:ping', data: { id: ++this.#pings } }),
    );
    return [READY, ...this.#heartbeat.start()];
  }

  #told(frame: ServerEventFrame): ClientEffects {
    switch (frame.event) {
      case 'ack':
        return this.#requests.acknowledged(frame.data.id);
      case 'error':
        return this.#requests.failed(frame.data);
      default:
        return this.#event(frame.event, eventOf(frame, this.#reading));
    }
  }

  #event(name: string, event: Event | undefined): ClientEffects {
    return event === undefined ? [lost(name)] : [route(++this.#events, event)];
  }

  #targetOf(channel: string | undefined): Target | undefined {
    if (channel === undefined) return undefined;
    const target = this.#shared.channels.resolve(channel);
    if (target instanceof GatewayError) return undefined;
    if (target.type === 'group') return target;
    const id = this.#connection.identity.toCanonical(target.id);
    return id === undefined ? undefined : { type: 'user', id };
  }

  /** Undefined for what has no channel name here: topics, queues, users without a wire id. */
  #channelOf(target: Destination): string | undefined {
    if (target.type === 'group') return this.#shared.channels.nameOf({ type: 'group', id: target.id });
    const id = target.type === 'user' ? this.#connection.identity.toWire(target.id) : undefined;
    return id === undefined ? undefined : this.#shared.channels.nameOf({ type: 'user', id });
  }

  deliver(command: Command, ref?: number): ClientEffects {
    switch (command.type) {
      case 'authenticate':
        return settled(ref, DONE);
      case 'send_message':
        return this.#send(command, ref);
      case 'relay':
        return this.#relay(command, ref);
      case 'subscribe':
      case 'unsubscribe':
        return this.#request(command, command.target, ref);
      case 'join_group':
      case 'leave_group':
        return this.#request(command, { type: 'group', id: command.group }, ref);
      case 'disconnect':
        return [...settled(ref, DONE), { kind: 'close', reason: 'normal', text: '' }];
      case 'send_batch':
      case 'revoke_message':
      case 'mark_read':
      case 'settle_delivery':
      case 'sync':
      case 'list_users':
      case 'report_error':
        return unsupported(command, ref);
    }
    return command satisfies never;
  }

  #send(command: CommandOf<'send_message'>, ref: number | undefined): ClientEffects {
    const channel = this.#channelOf(command.target);
    if (channel === undefined) return unsupported(command, ref);
    // Always with an id, because `ack` and `error` are told apart by it.
    const id = command.clientId ?? this.#connection.newId();
    this.#requests.sent(id, command, ref);
    const { content, replyTo } = command;
    const contentType = writeContentType(command.contentType, command.extensions);
    const data = { id, content, contentType, ...(replyTo === undefined ? {} : { replyTo }) };
    const fields = [
      ...(command.attachment === undefined ? [] : ['attachment']),
      ...(hasForeignFields(command.extensions) ? ['extensions'] : []),
      ...(command.onlineOnly === true ? ['onlineOnly'] : []),
    ];
    const sent: Effect<SocketFrame, Event> = send({ event: 'message', channel, data });
    return fields.length === 0 ? [sent] : [sent, lost(command.type, ...fields)];
  }

  /** Nothing answers a published event, so it is settled at once. */
  #relay(command: CommandOf<'relay'>, ref: number | undefined): ClientEffects {
    const channel = this.#channelOf(command.target);
    const { name, body, headers } = command;
    if (channel === undefined || typeof body !== 'string' || !command.ephemeral)
      return unsupported(command, ref);
    if (name === '' || isReservedName(name)) return unsupported(command, ref);
    const data = dataOf(body);
    const frame: PublishedFrame =
      data === undefined ? { event: name, channel } : { event: name, channel, data };
    const dropped: ClientEffects = headers.length > 0 ? [lost(command.type, 'headers')] : NOTHING;
    return [send(frame), ...dropped, ...settled(ref, DONE)];
  }

  #request(
    command: CommandOf<'subscribe' | 'unsubscribe' | 'join_group' | 'leave_group'>,
    target: Destination,
    ref: number | undefined,
  ): ClientEffects {
    const channel = this.#channelOf(target);
    if (channel === undefined) return unsupported(command, ref);
    this.#requests.asked(command, target, ref);
    if (command.type === 'unsubscribe' || command.type === 'leave_group') {
      return [send({ event: 'socket:unsubscribe', data: { channel } })];
    }
    const { key } = this.#shared;
    const signed = channel.startsWith(PRIVATE_PREFIX) && key !== undefined && this.#socketId !== undefined;
    const data = signed ? { channel, auth: authFor(key, this.#socketId ?? '', channel) } : { channel };
    const frame: SocketFrame = { event: 'socket:subscribe', data };
    return command.type === 'join_group' && command.exclusive
      ? [send(frame), lost(command.type, 'exclusive')]
      : [send(frame)];
  }

  settle(): ClientEffects {
    return NOTHING;
  }

  /** There are no words for a server's faults. */
  fail(error: GatewayError): ClientEffects {
    return closeIfFatal(error, this.#shared.endpoint.locale);
  }

  expire(timer: string): ClientEffects {
    if (timer === 'ping') return this.#heartbeat?.beat() ?? NOTHING;
    const text = explain(new GatewayError('silence'), this.#shared.endpoint.locale);
    return timer === 'pong' || timer === 'silence' ? [{ kind: 'close', reason: 'silence', text }] : NOTHING;
  }
}

const DONE: Outcome = { ok: true, result: { type: 'done' } };

const settled = (ref: number | undefined, outcome: Outcome): ClientEffects =>
  ref === undefined ? NOTHING : [{ kind: 'settled', ref, outcome }];

const unsupported = (command: Command, ref: number | undefined): ClientEffects => [
  lost(command.type),
  ...settled(ref, { ok: false, error: new GatewayError('unsupported') }),
];

const milliseconds = (seconds: number): number =>
  Math.round(Math.min(Math.max(seconds, HEART_BOUNDS.least), HEART_BOUNDS.most) * 1000);
