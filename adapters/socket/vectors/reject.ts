/** Wire messages that do not decode, and the error that says so. */
import type { FaceName, RejectVector } from '../../../core/dialect-vectors.ts';
import type { ErrorCode } from '../../../core/errors.ts';

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

const USER = '{"id":"bob","name":"Bob","avatar":""}';
const GROUP =
  '{"id":"lobby","name":"Lobby","description":"","owner":{"id":"bob","name":"Bob","avatar":""},"createdAt":1719820800000,"open":true}';
const AT = '"timestamp":1719820800000';

const bad = (name: string, face: FaceName, wire: string | Uint8Array, code: ErrorCode): RejectVector => ({
  name,
  face,
  wire: [wire],
  code,
});

const bothFaces = (name: string, wire: string | Uint8Array, code: ErrorCode): readonly RejectVector[] => [
  bad(name, 'server', wire, code),
  bad(name, 'client', wire, code),
];

const client = (name: string, wire: string, code: ErrorCode): RejectVector => bad(name, 'server', wire, code);
const server = (name: string, wire: string, code: ErrorCode): RejectVector => bad(name, 'client', wire, code);

/** A broken message of a client whose id can still be read. */
const salvaged = (name: string, data: string, code: ErrorCode): RejectVector => ({
  ...client(name, `{"event":"message","channel":"c","data":${data}}`, code),
  messageId: 'm1',
});

export const reject: readonly RejectVector[] = [
  ...bothFaces('binary', new Uint8Array([123, 125]), 'data_unsupported'),
  ...bothFaces('nothing', '', 'frame_malformed'),
  ...bothFaces('not JSON', 'hello', 'frame_malformed'),
  ...bothFaces('two objects', '{"event":"socket:ping"}{"event":"socket:ping"}', 'frame_malformed'),
  ...bothFaces('an array', '[{"event":"socket:ping"}]', 'frame_malformed'),
  ...bothFaces('null', 'null', 'frame_malformed'),
  ...bothFaces('no event', '{}', 'field_missing'),
  ...bothFaces('an empty event', '{"event":"","channel":"c"}', 'field_missing'),
  ...bothFaces('an event that is no string', '{"event":1,"channel":"c"}', 'frame_malformed'),
  ...bothFaces(
    'an event of 257 characters',
    `{"event":"${'e'.repeat(257)}","channel":"c"}`,
    'frame_malformed',
  ),
  ...bothFaces('an unknown system event', '{"event":"socket:teleport","channel":"c"}', 'frame_unknown'),
  ...bothFaces('the bare prefix', '{"event":"socket:","channel":"c"}', 'frame_unknown'),
  ...bothFaces('a system event called like a method', '{"event":"socket:__proto__"}', 'frame_unknown'),
  ...bothFaces('an event without channel', '{"event":"typing","data":{}}', 'field_missing'),
  ...bothFaces('an empty channel', '{"event":"typing","channel":"","data":{}}', 'field_missing'),
  ...bothFaces('a channel that is no string', '{"event":"typing","channel":["c"]}', 'frame_malformed'),
  ...bothFaces(
    'a channel of 513 characters',
    `{"event":"e","channel":"${'c'.repeat(513)}"}`,
    'frame_malformed',
  ),
  ...bothFaces('a lone surrogate', '{"event":"e","channel":"c","data":"\\ud83d"}', 'frame_malformed'),
  ...bothFaces('data nested 32 deep', `{"event":"e","channel":"c","data":${nested(32)}}`, 'frame_malformed'),

  client('a client that says socket:connected', '{"event":"socket:connected","data":{}}', 'frame_unknown'),
  client('a client that says socket:subscribed', '{"event":"socket:subscribed"}', 'frame_unknown'),
  client('a client that says socket:subscribe.error', '{"event":"socket:subscribe.error"}', 'frame_unknown'),
  client('socket:subscribe without data', '{"event":"socket:subscribe"}', 'field_missing'),
  client('socket:subscribe with data null', '{"event":"socket:subscribe","data":null}', 'frame_malformed'),
  client('socket:subscribe without channel', '{"event":"socket:subscribe","data":{}}', 'field_missing'),
  client('socket:subscribe to ""', '{"event":"socket:subscribe","data":{"channel":""}}', 'field_missing'),
  client(
    'socket:subscribe to a number',
    '{"event":"socket:subscribe","data":{"channel":13}}',
    'frame_malformed',
  ),
  client(
    'socket:subscribe with auth in an object',
    '{"event":"socket:subscribe","data":{"channel":"c","auth":{}}}',
    'frame_malformed',
  ),
  client(
    'socket:subscribe with auth of 1,025 characters',
    `{"event":"socket:subscribe","data":{"channel":"c","auth":"${'a'.repeat(1025)}"}}`,
    'frame_malformed',
  ),
  client('socket:unsubscribe without data', '{"event":"socket:unsubscribe"}', 'field_missing'),
  client('socket:unsubscribe without channel', '{"event":"socket:unsubscribe","data":{}}', 'field_missing'),
  client('socket:ping with a boolean', '{"event":"socket:ping","data":{"id":true}}', 'frame_malformed'),
  client('socket:ping with an object', '{"event":"socket:ping","data":{"id":{}}}', 'frame_malformed'),
  client(
    'socket:ping with a number that overflows',
    '{"event":"socket:ping","data":{"id":1e400}}',
    'frame_malformed',
  ),
  client(
    'socket:ping with a string of 257 characters',
    `{"event":"socket:ping","data":{"id":"${'1'.repeat(257)}"}}`,
    'frame_malformed',
  ),
  client('socket:ping with data in an array', '{"event":"socket:ping","data":[1]}', 'frame_malformed'),
  client('message without channel', '{"event":"message","data":{"content":"x"}}', 'field_missing'),
  client('message without data', '{"event":"message","channel":"c"}', 'field_missing'),
  client('message whose data is text', '{"event":"message","channel":"c","data":"hi"}', 'frame_malformed'),
  client(
    'message with a number for id',
    '{"event":"message","channel":"c","data":{"id":1,"content":"x"}}',
    'frame_malformed',
  ),
  client(
    'message with an id of 257 characters',
    `{"event":"message","channel":"c","data":{"id":"${'m'.repeat(257)}","content":"x"}}`,
    'frame_malformed',
  ),
  salvaged('message without content', '{"id":"m1"}', 'field_missing'),
  salvaged('message with empty content', '{"id":"m1","content":""}', 'field_missing'),
  salvaged('message with content null', '{"id":"m1","content":null}', 'frame_malformed'),
  salvaged('message with content in an object', '{"id":"m1","content":{"text":"x"}}', 'frame_malformed'),
  salvaged(
    'message with a number for contentType',
    '{"id":"m1","content":"x","contentType":1}',
    'frame_malformed',
  ),
  salvaged(
    'message with a contentType of 65 characters',
    `{"id":"m1","content":"x","contentType":"${'t'.repeat(65)}"}`,
    'frame_malformed',
  ),
  salvaged('message with an array for replyTo', '{"id":"m1","content":"x","replyTo":[]}', 'frame_malformed'),
  salvaged('message with a number for from', '{"id":"m1","content":"x","from":7}', 'frame_malformed'),
  salvaged(
    'message whose from has 257 characters',
    `{"id":"m1","content":"x","from":"${'f'.repeat(257)}"}`,
    'frame_malformed',
  ),
  salvaged(
    'message whose from has no id',
    '{"id":"m1","content":"x","from":{"name":"Bob"}}',
    'field_missing',
  ),

  server(
    'a server that says socket:subscribe',
    '{"event":"socket:subscribe","data":{"channel":"c"}}',
    'frame_unknown',
  ),
  server('socket:connected without data', '{"event":"socket:connected"}', 'field_missing'),
  server('socket:connected without socket_id', '{"event":"socket:connected","data":{}}', 'field_missing'),
  server(
    'socket:connected with a heart of 0 s',
    '{"event":"socket:connected","data":{"socket_id":"s","heart":{"interval":0,"timeout":25}}}',
    'frame_malformed',
  ),
  server(
    'socket:subscribe.error without text',
    '{"event":"socket:subscribe.error","data":{}}',
    'field_missing',
  ),
  server('ack without id', '{"event":"ack","data":{"status":"success"}}', 'field_missing'),
  server('ack of something else', '{"event":"ack","data":{"id":"m1","status":"failed"}}', 'frame_malformed'),
  server('error without code', '{"event":"error","data":{"message":"no"}}', 'field_missing'),
  server(
    'message without channel',
    '{"event":"message","data":{"from":{"id":"b"},"content":"x"}}',
    'field_missing',
  ),
  server(
    'message without author',
    '{"event":"message","channel":"c","data":{"content":"x"}}',
    'field_missing',
  ),
  server(
    'message with a fraction for timestamp',
    '{"event":"message","channel":"c","data":{"from":{"id":"b"},"content":"x","timestamp":1.5}}',
    'frame_malformed',
  ),
  server(
    'member_removed for a reason of its own',
    `{"event":"member_removed","data":{"group":${GROUP},"user":${USER},"reason":"moved",${AT}}}`,
    'frame_malformed',
  ),
  server(
    'user_list that is no list',
    `{"event":"user_list","data":{"group":${GROUP},"online":{},"offline":[]}}`,
    'frame_malformed',
  ),
  server(
    'going_away without a time',
    '{"event":"going_away","data":{"reason":"disconnected"}}',
    'field_missing',
  ),
];
