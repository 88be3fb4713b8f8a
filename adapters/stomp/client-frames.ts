/** The frames that we send as a client of a STOMP server. */
import type { ConnectionContext, EndpointContext, WireIdentity } from '../../core/dialect.ts';
import type { CommandOf } from '../../schemas/command.ts';
import type { Headers } from '../../schemas/model.ts';
import type { ChatRevoke, ChatSend, ChatSync } from './bodies.ts';
import { sayContent } from './chat.ts';
import { REVOKE_CHAT, SEND_CHAT, SYNC_CHAT } from './destinations.ts';
import { writeHeartBeat } from './heart-beat.ts';
import { msgTypeOf } from './message-type.ts';
import type { Options } from './options.ts';
import { VERSION_LIST } from './version.ts';
import { relayedHeaders, type StompFrame } from './wire.ts';

const JSON_TYPE = ['content-type', 'application/json'] as const;

/** CONNECT with whatever credentials there are. */
export function connectFrame(endpoint: EndpointContext<Options>, connection: ConnectionContext): StompFrame {
  const { heartBeat, upstream } = endpoint.options;
  const headers: (readonly [string, string])[] = [
    ['accept-version', VERSION_LIST],
    ['heart-beat', writeHeartBeat(heartBeat)],
    ['host', upstream.host],
  ];
  // A claim beside a password says for whom the account speaks, and logs nobody in.
  const hasAccount = connection.credentials.some(({ kind }) => kind === 'password');
  for (const credential of connection.credentials) {
    switch (credential.kind) {
      case 'token':
        headers.push(['Authorization', `Bearer ${credential.token}`]);
        break;
      case 'password':
        headers.push(['login', credential.login], ['passcode', credential.passcode]);
        break;
      case 'claim': {
        const wireId = connection.identity.toWire(credential.user.id);
        if (wireId !== undefined && !hasAccount) headers.push(['login', wireId]);
        break;
      }
      case 'anonymous':
        break;
      default:
        credential satisfies never;
    }
  }
  return { command: 'CONNECT', headers, body: '' };
}

/** A SEND to one of the chat's destinations, or undefined if the recipient has no id on this wire. */
export function chatFrame(
  command: CommandOf<'send_message' | 'revoke_message' | 'sync'>,
  messageId: string,
  desk: { readonly identity: WireIdentity; readonly appId: string | null },
): StompFrame | undefined {
  const app = desk.appId === null ? {} : { appId: desk.appId };
  const say = (destination: string, body: ChatSend | ChatRevoke | ChatSync): StompFrame => ({
    command: 'SEND',
    headers: [['destination', destination], JSON_TYPE],
    body: JSON.stringify(body),
  });
  switch (command.type) {
    case 'revoke_message':
      return say(REVOKE_CHAT, { ...app, messageId: command.message });
    case 'sync':
      return say(SYNC_CHAT, app);
    case 'send_message': {
      const { target, extensions } = command;
      const toId = target.type === 'group' ? target.id : desk.identity.toWire(target.id);
      if (toId === undefined) return undefined;
      const stomp = extensions?.stomp;
      const mentioned = stomp?.mentionedUserIds;
      const { content, ...extras } = sayContent(command);
      return say(SEND_CHAT, {
        ...(typeof stomp?.appId === 'string' ? { appId: stomp.appId } : app),
        messageId,
        toId,
        chatType: target.type === 'group' ? 'GROUP' : 'SINGLE',
        msgType: msgTypeOf(command.contentType),
        content,
        ...extras,
        ...(command.replyTo === undefined ? {} : { replyTo: command.replyTo }),
        ...(Array.isArray(mentioned)
          ? { mentionedUserIds: mentioned.flatMap((id) => desk.identity.toWire(String(id)) ?? []) }
          : {}),
      });
    }
    default:
      return command satisfies never;
  }
}

/** The header by which brokers (RabbitMQ, ActiveMQ) keep a frame on disk; others ignore it. */
const PERSISTENT = ['persistent', 'true'] as const;

/** A chat message to a destination of a general broker. */
export const messageFrame = (destination: string, json: string): StompFrame => ({
  command: 'SEND',
  headers: [['destination', destination], PERSISTENT, JSON_TYPE],
  body: json,
});

/**
 * A SEND to a topic or queue, whole. To a general broker, what is to be kept says so, unless its author has decided.
 */
export function relayFrame(command: CommandOf<'relay'>, toBroker: boolean): StompFrame {
  const headers = relayedHeaders(command.headers);
  const isDecided = !toBroker || command.ephemeral || headers.some(([name]) => name === PERSISTENT[0]);
  return {
    command: 'SEND',
    headers: [['destination', command.target.id], ...(isDecided ? [] : [PERSISTENT]), ...headers],
    body: command.body,
  };
}

/** The same frame with one more header in front. */
export const withHeader = (frame: StompFrame, name: string, value: string): StompFrame => ({
  ...frame,
  headers: [[name, value], ...frame.headers],
});

export const bareFrame = (
  command: 'SUBSCRIBE' | 'UNSUBSCRIBE' | 'ACK' | 'NACK' | 'BEGIN' | 'COMMIT' | 'DISCONNECT',
  headers: Headers,
): StompFrame => ({ command, headers, body: '' });

/** What a batch is made of, and the messages in it. */
export interface Batch {
  readonly frames: readonly StompFrame[];
  /** Its receipt answers for all [STOMP 1.2, COMMIT]. */
  readonly commit: StompFrame;
  readonly messages: readonly { readonly item: CommandOf<'send_message'>; readonly messageId: string }[];
}

type BatchItem = CommandOf<'send_batch'>['items'][number];

type ChatItem = Exclude<BatchItem, { type: 'relay' }>;

/** BEGIN, the items and COMMIT; undefined if one of them can't be said. */
export function batchFrames(
  { items }: CommandOf<'send_batch'>,
  names: {
    readonly name: string;
    readonly toBroker: boolean;
    readonly messageId: (item: ChatItem) => string;
    readonly frame: (item: ChatItem, messageId: string) => StompFrame | undefined;
  },
): Batch | undefined {
  const transaction = [['transaction', names.name]] as const;
  const frames: StompFrame[] = [bareFrame('BEGIN', transaction)];
  const messages: Batch['messages'][number][] = [];
  for (const item of items) {
    let frame: StompFrame | undefined;
    if (item.type === 'relay') frame = relayFrame(item, names.toBroker);
    else {
      const messageId = names.messageId(item);
      frame = names.frame(item, messageId);
      if (item.type === 'send_message') messages.push({ item, messageId });
    }
    if (frame === undefined) return undefined;
    frames.push(withHeader(frame, 'transaction', names.name));
  }
  return { frames, commit: bareFrame('COMMIT', transaction), messages };
}
