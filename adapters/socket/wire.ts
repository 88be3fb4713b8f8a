/**
 * Frames of the `socket` dialect, as they are on the wire. Every frame is one JSON object with an `event`.
 * Names that begin with `socket:` are the source's system events; all others are ours (see PROTOCOL.md).
 */
import type { Json } from '../../schemas/model.ts';

/** System events begin with this; a client can't publish one. */
export const SYSTEM_PREFIX = 'socket:';

// Client to server

export interface SubscribeFrame {
  readonly event: 'socket:subscribe';
  readonly data: { readonly channel: string; readonly auth?: string | null };
}

export interface UnsubscribeFrame {
  readonly event: 'socket:unsubscribe';
  readonly data: { readonly channel: string };
}

/** `id` is usually a counter; the pong repeats it. */
export interface ClientPingFrame {
  readonly event: 'socket:ping';
  readonly data?: { readonly id?: number | string | null } | null;
}

/** Answers the server's ping. */
export interface ClientPongFrame {
  readonly event: 'socket:pong';
}

/** Named once in the source and never defined: tolerated, means nothing. */
export interface ConnectFrame {
  readonly event: 'socket:connect';
}

export type ClientSystemFrame =
  | SubscribeFrame
  | UnsubscribeFrame
  | ClientPingFrame
  | ClientPongFrame
  | ConnectFrame;

/** A chat message. `from` is not needed; if it is there, it must be the sender's own. */
export interface ClientMessageFrame {
  readonly event: 'message';
  readonly channel: string;
  readonly data: {
    readonly id?: string | null;
    readonly content: string;
    readonly contentType?: string | null;
    readonly replyTo?: string | null;
    readonly from?: string | { readonly id: string } | null;
  };
}

/** Any other event of a client (`typing`, ...), and the same event on its way to the channel's other members. */
export interface PublishedFrame {
  readonly event: string;
  readonly channel: string;
  readonly data?: Json;
}

export type ClientFrame = ClientSystemFrame | ClientMessageFrame | PublishedFrame;

export const isClientSystem = (frame: ClientFrame): frame is ClientSystemFrame =>
  frame.event.startsWith(SYSTEM_PREFIX);

export const isClientMessage = (frame: ClientMessageFrame | PublishedFrame): frame is ClientMessageFrame =>
  frame.event === 'message';

// Server to client

/** First frame of a connection. `heart` is in seconds: how often the client pings, how long it waits for the pong. */
export interface ConnectedFrame {
  readonly event: 'socket:connected';
  readonly data: {
    readonly socket_id: string;
    readonly heart?: { readonly interval: number; readonly timeout: number };
  };
}

/** The two answers that say yes. `data` only with the option `echoChannel`. */
export interface SubscribedFrame {
  readonly event: 'socket:subscribed' | 'socket:unsubscribed';
  readonly data?: { readonly channel: string };
}

/** The two answers that say no. `channel` only with the option `echoChannel`. */
export interface RefusedFrame {
  readonly event: 'socket:subscribe.error' | 'socket:unsubscribe.error';
  readonly data: { readonly error: string; readonly channel?: string };
}

/** Optional in the source; option `serverPing`. */
export interface ServerPingFrame {
  readonly event: 'socket:ping';
}

/** `data` is absent when the ping had no id. */
export interface ServerPongFrame {
  readonly event: 'socket:pong';
  readonly data?: { readonly reply: number | string };
}

export type ServerSystemFrame =
  | ConnectedFrame
  | SubscribedFrame
  | RefusedFrame
  | ServerPingFrame
  | ServerPongFrame;

/** The server sends `name` and `avatar` always; `avatar` is "" where there is none. */
export interface WireUser {
  readonly id: string;
  readonly name?: string;
  readonly avatar?: string;
}

/** `createdAt` in epoch ms. */
export interface WireGroup {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly owner?: WireUser;
  readonly createdAt: number;
  readonly open: boolean;
}

/** The server sends `id`, `contentType` and `timestamp` always. `to`: only on copies of one's own direct message. */
export interface MessageData {
  readonly id?: string;
  readonly from: WireUser;
  readonly to?: string;
  readonly content: string;
  readonly contentType?: string;
  /** Epoch ms. */
  readonly timestamp?: number;
  readonly replyTo?: string;
}

/** `data` of each event that the server alone may say, by its name. Every `timestamp` is in epoch ms. */
export interface ServerEvents {
  readonly message: MessageData;
  readonly ack: { readonly id: string; readonly status: 'success' };
  readonly error: { readonly code: string; readonly message: string; readonly messageId?: string };
  readonly message_revoked: {
    readonly id: string;
    readonly from: WireUser;
    readonly to?: string;
    readonly timestamp: number;
  };
  readonly message_read: {
    readonly reader: WireUser;
    readonly to?: string;
    readonly id?: string;
    readonly timestamp: number;
  };
  readonly member_joined: { readonly group: WireGroup; readonly user: WireUser; readonly timestamp: number };
  readonly member_left: { readonly group: WireGroup; readonly user: WireUser; readonly timestamp: number };
  readonly member_removed: {
    readonly group: WireGroup;
    readonly user: WireUser;
    readonly reason: 'quit' | 'kicked';
    readonly timestamp: number;
  };
  readonly presence_changed: {
    readonly user: WireUser;
    readonly online: boolean;
    readonly timestamp: number;
  };
  readonly user_list: {
    readonly group: WireGroup;
    readonly online: readonly WireUser[];
    readonly offline: readonly WireUser[];
  };
  readonly contact_requested: {
    readonly request: string;
    readonly from: WireUser;
    readonly to: string;
    readonly timestamp: number;
  };
  readonly contact_accepted: { readonly contact: WireUser; readonly to: string; readonly timestamp: number };
  readonly group_dissolved: { readonly group: WireGroup; readonly timestamp: number };
  readonly group_transferred: {
    readonly group: WireGroup;
    readonly newOwner: WireUser;
    readonly timestamp: number;
  };
  readonly member_muted: {
    readonly group: WireGroup;
    readonly user: WireUser;
    readonly muted: boolean;
    readonly timestamp: number;
  };
  readonly group_announcement: {
    readonly group: WireGroup;
    readonly text: string;
    readonly timestamp: number;
  };
  readonly group_invited: {
    readonly group: WireGroup;
    readonly inviter: WireUser;
    readonly to: string;
    readonly timestamp: number;
  };
  readonly session_replaced: { readonly user: WireUser };
  /** `afterMs`: when to come back, in ms. */
  readonly going_away: { readonly reason: 'shutting_down' | 'disconnected'; readonly afterMs: number };
}
export type ServerEventName = keyof ServerEvents;

/** One of the server's own events. Without `channel` where it belongs to no channel that the client subscribed. */
export type ServerEventFrame = {
  readonly [Name in ServerEventName]: {
    readonly event: Name;
    readonly channel?: string;
    readonly data: ServerEvents[Name];
  };
}[ServerEventName];

export type ServerFrame = ServerSystemFrame | ServerEventFrame | PublishedFrame;

const SERVER_EVENT_NAMES: ReadonlySet<string> = new Set<ServerEventName>([
  'message',
  'ack',
  'error',
  'message_revoked',
  'message_read',
  'member_joined',
  'member_left',
  'member_removed',
  'presence_changed',
  'user_list',
  'contact_requested',
  'contact_accepted',
  'group_dissolved',
  'group_transferred',
  'member_muted',
  'group_announcement',
  'group_invited',
  'session_replaced',
  'going_away',
]);

export const isServerSystem = (frame: ServerFrame): frame is ServerSystemFrame =>
  frame.event.startsWith(SYSTEM_PREFIX);

export const isServerEvent = (frame: ServerEventFrame | PublishedFrame): frame is ServerEventFrame =>
  SERVER_EVENT_NAMES.has(frame.event);

/** Whether the server alone may say an event of this name, so that nobody can forge one by publishing it. */
export const isReservedName = (name: string): boolean =>
  SERVER_EVENT_NAMES.has(name) || name.startsWith(SYSTEM_PREFIX);

export type SocketFrame = ClientFrame | ServerFrame;
