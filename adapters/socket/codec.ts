/** One codec for each face: JSON text in, frames of wire.ts out. Both are stateless between messages. */
import type { Codec, WireMessage } from '../../core/dialect.ts';
import { GatewayError } from '../../core/errors.ts';
import { jsonCodec, namedIn } from '../../core/json-wire.ts';
import { type ClientFrame, type ServerFrame, type SocketFrame, SYSTEM_PREFIX } from './wire.ts';
import { CLIENT_SCHEMAS, MAX_CHANNEL_LENGTH, PUBLISHED, SERVER_SCHEMAS } from './wire-schemas.ts';

type Value = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Value => typeof value === 'object' && value !== null;

/** A frame without a usable `event` is taken for a published one, whose schema then says what is wrong with it. */
const kindAmong =
  (named: ReadonlySet<string>) =>
  (value: Value): string => {
    const event = value.event;
    if (typeof event !== 'string') return PUBLISHED;
    return event.startsWith(SYSTEM_PREFIX) || named.has(event) ? event : PUBLISHED;
  };

const clientKind = kindAmong(new Set(Object.keys(CLIENT_SCHEMAS)));
const serverKind = kindAmong(new Set(Object.keys(SERVER_SCHEMAS)));

/** What of a frame the schemas of its sender name. */
export function known(frame: SocketFrame, sender: 'client' | 'server'): SocketFrame {
  const value = frame as unknown as Value;
  const schema = sender === 'client' ? CLIENT_SCHEMAS[clientKind(value)] : SERVER_SCHEMAS[serverKind(value)];
  return namedIn(value, schema) as SocketFrame;
}

const messageIdOf = (value: Value): unknown => {
  const data = value.data;
  return value.event === 'message' && isObject(data) ? data.id : undefined;
};

/** What the session needs to answer a request that can't be read: a client counts on one answer to each, in order. */
function salvageRequest(value: Value | undefined): Readonly<Record<string, string>> | undefined {
  const event = value?.event;
  if (event !== 'socket:subscribe' && event !== 'socket:unsubscribe') return undefined;
  const data = value?.data;
  const channel = isObject(data) ? data.channel : undefined;
  return typeof channel === 'string' && channel.length > 0 && channel.length <= MAX_CHANNEL_LENGTH
    ? { event, channel }
    : { event };
}

/**
 * Server face: decodes what clients send.
 *
 * @throws GatewayError data_unsupported, frame_malformed, frame_unknown, field_missing; for a broken
 * `socket:subscribe` or `socket:unsubscribe` its `salvaged` has the `event` and, if readable, the `channel`
 */
export function clientFrames(): Codec<ClientFrame> {
  // `decode` is synchronous, so what `kindOf` saw is the message at fault; it is kept no longer than that.
  let seen: Value | undefined;
  const codec = jsonCodec<ClientFrame>({
    kindOf: (value) => {
      seen = value;
      return clientKind(value);
    },
    schemas: CLIENT_SCHEMAS,
    messageIdOf,
  });
  return {
    decode(message: WireMessage): Iterable<ClientFrame> {
      try {
        return codec.decode(message);
      } catch (thrown) {
        const salvaged = salvageRequest(seen);
        if (salvaged === undefined || !(thrown instanceof GatewayError)) throw thrown;
        throw new GatewayError(thrown.code, {
          fatal: thrown.fatal ?? null,
          ...(thrown.detail === undefined ? {} : { detail: thrown.detail }),
          salvaged,
          cause: thrown.cause,
        });
      } finally {
        seen = undefined;
      }
    },
    encode: codec.encode,
  };
}

/** Optional members of server events that hold nothing where they are empty: no name of anything is. */
const NEVER_EMPTY: ReadonlySet<string> = new Set([
  'channel',
  'contentType',
  'id',
  'messageId',
  'replyTo',
  'to',
]);

/** The members of server events that have such members themselves. What we know nothing of is left as it is. */
const HOLDERS: ReadonlySet<string> = new Set([
  'contact',
  'data',
  'from',
  'group',
  'inviter',
  'newOwner',
  'offline',
  'online',
  'owner',
  'reader',
  'user',
]);

/** Takes out what a server writes where it has nothing to say: null, and an empty id, channel or content type. */
function dropBlanks(value: unknown): void {
  if (Array.isArray(value)) for (const item of value) dropBlanks(item);
  else if (isObject(value)) {
    const members = value as Record<string, unknown>;
    for (const key of Object.keys(members)) {
      const member = members[key];
      if (member === null || (member === '' && NEVER_EMPTY.has(key))) delete members[key];
      else if (HOLDERS.has(key)) dropBlanks(member);
    }
  }
}

/**
 * Client face: decodes what servers send. In their own events `null`, and an empty id, channel or content type, count as
 * left out; what members of a channel have published is theirs, and kept as it is.
 *
 * @throws GatewayError data_unsupported, frame_malformed, frame_unknown, field_missing
 */
export function serverFrames(): Codec<ServerFrame> {
  return jsonCodec<ServerFrame>({
    kindOf: serverKind,
    schemas: SERVER_SCHEMAS,
    prepare: (value, kind) => {
      if (kind !== PUBLISHED) dropBlanks(value);
    },
  });
}
