/** Wire messages that decode. */
import type { AcceptVector, FaceName } from '../../../core/dialect-vectors.ts';

/** A compact wire message that decodes to itself and is encoded to the same bytes. */
const exact = (name: string, face: FaceName, wire: string): AcceptVector => ({
  name,
  face,
  wire: [wire],
  frames: [JSON.parse(wire)],
  encodes: [wire],
});

/** A form that is read and never sent. */
const readOnly = (name: string, face: FaceName, wire: string): AcceptVector => ({
  name,
  face,
  wire: [wire],
  frames: [JSON.parse(wire)],
});

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

const USER = '{"id":"bob","name":"Bob","avatar":""}';
const GROUP =
  '{"id":"lobby","name":"Lobby","description":"","owner":{"id":"bob","name":"Bob","avatar":""},"createdAt":1719820800000,"open":true}';
const AT = '"timestamp":1719820800000';

const said = (event: string, data: string): AcceptVector =>
  exact(event, 'client', `{"event":"${event}","channel":"group:lobby","data":${data}}`);

const fromClients: readonly AcceptVector[] = [
  exact(
    'socket:subscribe of the source',
    'server',
    '{"event":"socket:subscribe","data":{"channel":"user:13","auth":"XXXXX"}}',
  ),
  exact(
    'socket:subscribe without auth',
    'server',
    '{"event":"socket:subscribe","data":{"channel":"user:13"}}',
  ),
  exact(
    'socket:subscribe of a private channel',
    'server',
    '{"event":"socket:subscribe","data":{"channel":"private-user.1","auth":"XXXXX"}}',
  ),
  readOnly(
    'socket:subscribe with auth null and keys of its own',
    'server',
    '{"event":"socket:subscribe","data":{"channel":"news","auth":null,"channel_data":"{}"},"v":2}',
  ),
  exact('socket:unsubscribe', 'server', '{"event":"socket:unsubscribe","data":{"channel":"user:13"}}'),
  exact('socket:ping', 'server', '{"event":"socket:ping","data":{"id":1}}'),
  exact('socket:ping with a string', 'server', '{"event":"socket:ping","data":{"id":"a"}}'),
  exact('socket:ping with a fraction', 'server', '{"event":"socket:ping","data":{"id":-0.5}}'),
  exact('socket:ping without data', 'server', '{"event":"socket:ping"}'),
  readOnly('socket:ping with data null', 'server', '{"event":"socket:ping","data":null}'),
  readOnly('socket:ping with id null', 'server', '{"event":"socket:ping","data":{"id":null}}'),
  exact('socket:pong', 'server', '{"event":"socket:pong"}'),
  readOnly('socket:pong in the white space of the source', 'server', '{\n    "event": "socket:pong"\n}'),
  readOnly('socket:pong with data', 'server', '{"event":"socket:pong","data":{"reply":1}}'),
  exact('socket:connect', 'server', '{"event":"socket:connect"}'),
  readOnly('socket:connect with data', 'server', '{"event":"socket:connect","data":{"token":"t"}}'),
  exact(
    'message with every field',
    'server',
    '{"event":"message","channel":"group:lobby","data":{"id":"m1","content":"hi","contentType":"text","replyTo":"m0"}}',
  ),
  exact('message with content only', 'server', '{"event":"message","channel":"c","data":{"content":" "}}'),
  readOnly(
    'message with null and empty optional fields',
    'server',
    '{"event":"message","channel":"c","data":{"id":null,"content":"x","contentType":"","replyTo":null,"from":null}}',
  ),
  readOnly(
    'message that names its author',
    'server',
    '{"event":"message","channel":"c","data":{"content":"x","from":{"id":"alice","name":"A"}}}',
  ),
  readOnly(
    'message with NUL, line ends, an escaped emoji and keys like __proto__',
    'server',
    '{"event":"message","channel":"c","data":{"content":"\\u0000\\r\\n\\ud83d\\ude00","__proto__":{"a":1},"constructor":0}}',
  ),
  exact('an event of the client', 'server', '{"event":"typing","channel":"group:lobby","data":{"on":true}}'),
  exact('an event without data', 'server', '{"event":"wave","channel":"group:lobby"}'),
  exact('an event whose data is null', 'server', '{"event":"wave","channel":"c","data":null}'),
  exact('an event whose data is text', 'server', '{"event":"wave","channel":"c","data":"x"}'),
  exact('an event called __proto__', 'server', '{"event":"__proto__","channel":"c","data":1}'),
  exact('an event called event', 'server', '{"event":"event","channel":"c","data":1}'),
  exact('an event called toString', 'server', '{"event":"toString","channel":"c"}'),
  exact('an event in capitals that only looks reserved', 'server', '{"event":"Socket:x","channel":"c"}'),
  exact('data nested 31 deep', 'server', `{"event":"e","channel":"c","data":${nested(31)}}`),
];

const fromServers: readonly AcceptVector[] = [
  exact(
    'socket:connected of the source',
    'client',
    '{"event":"socket:connected","data":{"socket_id":"1ba1b6cb-0127-48f8-b5a5-9fd79a7c68a6","heart":{"interval":30,"timeout":25}}}',
  ),
  exact('socket:connected without heart', 'client', '{"event":"socket:connected","data":{"socket_id":"s"}}'),
  exact('socket:subscribed', 'client', '{"event":"socket:subscribed"}'),
  exact(
    'socket:subscribed with its channel',
    'client',
    '{"event":"socket:subscribed","data":{"channel":"c"}}',
  ),
  exact(
    'socket:subscribe.error of the source',
    'client',
    '{"event":"socket:subscribe.error","data":{"error":"the connection is already subscribed to the channel"}}',
  ),
  exact('socket:unsubscribed', 'client', '{"event":"socket:unsubscribed"}'),
  exact(
    'socket:unsubscribed with its channel',
    'client',
    '{"event":"socket:unsubscribed","data":{"channel":"c"}}',
  ),
  exact(
    'socket:unsubscribe.error of the source, with its channel',
    'client',
    '{"event":"socket:unsubscribe.error","data":{"error":"the connection is not subscribed to the channel","channel":"c"}}',
  ),
  exact('socket:ping of the server', 'client', '{"event":"socket:ping"}'),
  exact('socket:pong of the server', 'client', '{"event":"socket:pong","data":{"reply":1}}'),
  exact('socket:pong that repeats a string', 'client', '{"event":"socket:pong","data":{"reply":"a"}}'),
  exact('socket:pong to a ping without id', 'client', '{"event":"socket:pong"}'),
  exact('ack', 'client', '{"event":"ack","data":{"id":"m1","status":"success"}}'),
  exact('error', 'client', '{"event":"error","data":{"code":"muted","message":"no","messageId":"m1"}}'),
  exact('error without a message', 'client', '{"event":"error","data":{"code":"forbidden","message":"no"}}'),
  said(
    'message',
    `{"id":"m1","from":${USER},"to":"carol","content":"hi","contentType":"text",${AT},"replyTo":"m0"}`,
  ),
  readOnly(
    'message of a sparing server',
    'client',
    '{"event":"message","channel":"c","data":{"from":{"id":"bob"},"content":"hi"}}',
  ),
  said('message_revoked', `{"id":"m1","from":${USER},${AT}}`),
  said('message_read', `{"reader":${USER},"id":"m1",${AT}}`),
  said('member_joined', `{"group":${GROUP},"user":${USER},${AT}}`),
  said('member_left', `{"group":${GROUP},"user":${USER},${AT}}`),
  said('member_removed', `{"group":${GROUP},"user":${USER},"reason":"quit",${AT}}`),
  said('member_muted', `{"group":${GROUP},"user":${USER},"muted":true,${AT}}`),
  said('user_list', `{"group":${GROUP},"online":[${USER}],"offline":[]}`),
  said('group_dissolved', `{"group":${GROUP},${AT}}`),
  said('group_transferred', `{"group":${GROUP},"newOwner":${USER},${AT}}`),
  said('group_announcement', `{"group":${GROUP},"text":"x",${AT}}`),
  exact(
    'presence_changed',
    'client',
    `{"event":"presence_changed","data":{"user":${USER},"online":true,${AT}}}`,
  ),
  exact(
    'contact_requested',
    'client',
    `{"event":"contact_requested","channel":"user:alice","data":{"request":"r1","from":${USER},"to":"alice",${AT}}}`,
  ),
  exact(
    'contact_accepted',
    'client',
    `{"event":"contact_accepted","data":{"contact":${USER},"to":"alice",${AT}}}`,
  ),
  exact(
    'group_invited',
    'client',
    `{"event":"group_invited","data":{"group":${GROUP},"inviter":${USER},"to":"alice",${AT}}}`,
  ),
  exact('session_replaced', 'client', `{"event":"session_replaced","data":{"user":${USER}}}`),
  exact('going_away', 'client', '{"event":"going_away","data":{"reason":"shutting_down","afterMs":1000}}'),
  exact(
    'an event of another client',
    'client',
    '{"event":"typing","channel":"group:lobby","data":{"on":true}}',
  ),
];

export const accept: readonly AcceptVector[] = [...fromClients, ...fromServers];
