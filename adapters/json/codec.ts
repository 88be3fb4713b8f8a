/** Wire messages <-> frames of the `json` dialect, for either face. Stateless: one codec serves all connections. */
import type { Codec, WireMessage } from '../../core/dialect.ts';
import { type FrameSchema, jsonCodec, namedIn } from '../../core/json-wire.ts';
import {
  type BarePing,
  type BarePong,
  CLIENT_SCHEMAS,
  type ClientFrame,
  type JsonFrame,
  SERVER_SCHEMAS,
  type ServerFrame,
} from './wire.ts';

const BARE_PING: readonly [BarePing] = [{ type: 'bare_ping' }];
const BARE_PONG: readonly [BarePong] = [{ type: 'bare_pong' }];

type Fields = Readonly<Record<string, unknown>>;

const kindOf = (value: Fields): string | undefined =>
  typeof value.type === 'string' ? value.type : undefined;

/** A message's own id is `data.id`, whatever else is wrong with the frame. */
function messageIdOf(value: Fields): unknown {
  const data = value.data;
  return typeof data === 'object' && data !== null ? (data as Fields).id : undefined;
}

function encode(frame: JsonFrame): WireMessage {
  if (frame.type === 'bare_pong') return 'pong';
  if (frame.type === 'bare_ping') return 'ping';
  // Every message has one: written out it takes half the time.
  if (frame.type === 'ack') {
    const { id, status } = frame.data;
    return `{"type":"ack","data":{"id":${JSON.stringify(id)},"status":${JSON.stringify(status)}}}`;
  }
  return JSON.stringify(frame);
}

const clientFrames = jsonCodec<ClientFrame>({ kindOf, messageIdOf, schemas: CLIENT_SCHEMAS });
const serverFrames = jsonCodec<ServerFrame>({ kindOf, messageIdOf, schemas: SERVER_SCHEMAS });

/**
 * The server's side: reads what clients send.
 *
 * @throws GatewayError from `decode`: data_unsupported, frame_malformed, frame_unknown, field_missing; the
 * last three with the `messageId` that `data.id` holds, if it holds one
 */
export const serverCodec: Codec<JsonFrame> = {
  decode: (message) => (message === 'ping' ? BARE_PING : clientFrames.decode(message)),
  encode,
};

/** The client's side: reads what servers send. Errors as for `serverCodec`. */
export const clientCodec: Codec<JsonFrame> = {
  decode: (message) => (message === 'pong' ? BARE_PONG : serverFrames.decode(message)),
  encode,
};

/** What of a frame the schemas of its sender name. */
export function known(frame: JsonFrame, sender: 'client' | 'server'): JsonFrame {
  const schemas: Readonly<Record<string, FrameSchema>> =
    sender === 'client' ? CLIENT_SCHEMAS : SERVER_SCHEMAS;
  return namedIn(frame, schemas[frame.type]) as JsonFrame;
}
