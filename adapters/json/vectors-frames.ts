/** Wire messages that decode, and wire messages that do not. */
import type { AcceptVector, FaceName, RejectVector } from '../../core/dialect-vectors.ts';
import type { ErrorCode } from '../../core/errors.ts';

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

const FIVE = '"id":"m1","fromId":"user_001","toId":"user_002","chatType":"single","content":"你好!"';

const sent = (data: string): string => `{"type":"message","data":{${data}}}`;

export const accept: readonly AcceptVector[] = [
  exact('auth', 'server', '{"type":"auth","data":{"token":"jwt-token-string"}}'),
  readOnly(
    'auth in the white space of the source',
    'server',
    '{\n"type": "auth",\n"data": {\n"token": "t"\n}\n}',
  ),
  exact(
    'a single message with every field',
    'server',
    sent(`${FIVE},"contentType":"text","replyTo":"","imageUrl":""`),
  ),
  exact(
    'a group message',
    'server',
    sent('"id":"m2","fromId":"user_001","toId":"group_001","chatType":"group","content":"你好!"'),
  ),
  exact('a message with the five required fields only', 'server', sent(FIVE)),
  exact(
    'an image message',
    'server',
    sent(`${FIVE},"contentType":"image","replyTo":"","imageUrl":"https://example.com/a.png"`),
  ),
  exact('a reply', 'server', sent(`${FIVE},"contentType":"text","replyTo":"msg_uuid_001","imageUrl":""`)),
  exact('content of 10,000 characters', 'server', sent(`${FIVE.replace('你好!', '好'.repeat(10_000))}`)),
  readOnly(
    'null in optional fields',
    'server',
    sent(`${FIVE},"contentType":null,"replyTo":null,"imageUrl":null`),
  ),
  readOnly(
    'unknown keys, even __proto__',
    'server',
    `{"type":"message","data":{${FIVE},"__proto__":{"a":1}},"x":1}`,
  ),
  readOnly('a content type nobody knows', 'server', sent(`${FIVE},"contentType":"Sticker/V2"`)),
  readOnly('content of one space', 'server', sent(FIVE.replace('你好!', ' '))),
  readOnly(
    'content with NUL, line ends and an escaped emoji',
    'server',
    sent(FIVE.replace('你好!', '\\u0000\\r\\n\\ud83d\\ude00')),
  ),
  exact('read', 'server', '{"type":"read","data":{"chatId":"user_002"}}'),
  exact('ping', 'server', '{"type":"ping"}'),
  readOnly('ping with data', 'server', '{ "type": "ping", "data": null }'),
  {
    name: 'the bare text ping',
    face: 'server',
    wire: ['ping'],
    frames: [{ type: 'bare_ping' }],
    encodes: ['ping'],
  },

  exact('auth_success', 'client', '{"type":"auth_success","data":{"userId":"user_001"}}'),
  exact('auth_error', 'client', '{"type":"auth_error","data":{"message":"令牌无效或已过期"}}'),
  exact(
    'a message as the source shows it',
    'client',
    '{"type":"message","data":{"id":"msg_uuid_001","fromId":"user_001","toId":"user_002","chatType":"single","content":"你好!","timestamp":1719820800000,"contentType":"text","replyTo":"","imageUrl":"","from_name":"小明","from_avatar":"https://example.com/avatar.png"}}',
  ),
  exact(
    'a single message without its sender’s profile',
    'client',
    sent(`${FIVE},"timestamp":1719820800000,"contentType":"text","replyTo":"","imageUrl":""`),
  ),
  readOnly('a message with the fewest fields, and no content', 'client', sent(FIVE.replace('你好!', ''))),
  exact('ack', 'client', '{"type":"ack","data":{"id":"msg_uuid_001","status":"success"}}'),
  exact(
    'error with messageId',
    'client',
    '{"type":"error","data":{"message":"消息发送过于频繁","messageId":"msg_uuid_001"}}',
  ),
  exact('error without messageId', 'client', '{"type":"error","data":{"message":"未认证"}}'),
  exact('pong', 'client', '{"type":"pong"}'),
  {
    name: 'the bare text pong',
    face: 'client',
    wire: ['pong'],
    frames: [{ type: 'bare_pong' }],
    encodes: ['pong'],
  },
  exact('kick', 'client', '{"type":"kick","data":{"reason":"您的账号在其他设备登录"}}'),
  exact(
    'friend_request',
    'client',
    '{"type":"friend_request","data":{"id":"req_001","fromId":"user_002","fromName":"小红","createTime":1719820800000}}',
  ),
  exact(
    'friend_accepted',
    'client',
    '{"type":"friend_accepted","data":{"friendId":"user_002","friendName":"小红"}}',
  ),
  exact(
    'message_revoked',
    'client',
    '{"type":"message_revoked","data":{"messageId":"msg_uuid_001","fromId":"user_001","toId":"user_002","chatType":"single"}}',
  ),
  exact(
    'group_member_quit',
    'client',
    '{"type":"group_member_quit","data":{"groupId":"group_001","userId":"user_002"}}',
  ),
  exact('group_dissolved', 'client', '{"type":"group_dissolved","data":{"groupId":"group_001"}}'),
  exact(
    'group_transfer',
    'client',
    '{"type":"group_transfer","data":{"groupId":"group_001","newOwnerId":"user_002"}}',
  ),
  exact(
    'group_member_mute',
    'client',
    '{"type":"group_member_mute","data":{"groupId":"group_001","targetUserId":"user_002","muted":true}}',
  ),
  exact(
    'group_member_mute, lifted',
    'client',
    '{"type":"group_member_mute","data":{"groupId":"group_001","targetUserId":"user_002","muted":false}}',
  ),
  exact(
    'group_member_kick',
    'client',
    '{"type":"group_member_kick","data":{"groupId":"group_001","targetUserId":"user_002"}}',
  ),
  exact(
    'group_announcement',
    'client',
    '{"type":"group_announcement","data":{"groupId":"group_001","announcement":"本周六下午 3 点团建"}}',
  ),
  exact(
    'group_invite',
    'client',
    '{"type":"group_invite","data":{"groupId":"group_001","groupName":"技术交流群","inviterName":"小明"}}',
  ),
];

const refused = (
  name: string,
  face: FaceName,
  wire: RejectVector['wire'][number],
  code: ErrorCode,
  messageId?: string,
): RejectVector =>
  messageId === undefined
    ? { name, face, wire: [wire], code }
    : { name, face, wire: [wire], code, messageId };

const without = (field: string): string => {
  const { [field]: _, ...data } = JSON.parse(`{${FIVE}}`) as Record<string, string>;
  return JSON.stringify({ type: 'message', data });
};
const altered = (field: string, value: unknown): string =>
  JSON.stringify({ type: 'message', data: { ...(JSON.parse(`{${FIVE}}`) as object), [field]: value } });

export const reject: readonly RejectVector[] = [
  refused('a binary wire message', 'server', new TextEncoder().encode('{"type":"ping"}'), 'data_unsupported'),
  refused('an empty wire message', 'server', '', 'frame_malformed'),
  refused('a bare pong from a client', 'server', 'pong', 'frame_malformed'),
  refused('a bare ping in capitals', 'server', 'PING', 'frame_malformed'),
  refused('a bare ping with white space', 'server', 'ping\n', 'frame_malformed'),
  refused('half an object', 'server', '{"type":"ping"', 'frame_malformed'),
  refused('two objects in one wire message', 'server', '{"type":"ping"}{"type":"ping"}', 'frame_malformed'),
  refused('an array', 'server', '[{"type":"ping"}]', 'frame_malformed'),
  refused('a JSON string', 'server', '"ping"', 'frame_malformed'),
  refused('null', 'server', 'null', 'frame_malformed'),
  refused('no type', 'server', '{}', 'frame_unknown'),
  refused('a type that is no string', 'server', '{"type":7}', 'frame_unknown'),
  refused(
    'an unknown type, its message id salvaged',
    'server',
    '{"type":"sticker","data":{"id":"m1"}}',
    'frame_unknown',
    'm1',
  ),
  refused('the type __proto__', 'server', '{"type":"__proto__","data":{}}', 'frame_unknown'),
  refused('the type constructor', 'server', '{"type":"constructor","data":{}}', 'frame_unknown'),
  refused('the bare form’s frame type as JSON', 'server', '{"type":"bare_ping"}', 'frame_unknown'),
  refused(
    'a frame that only servers send',
    'server',
    '{"type":"ack","data":{"id":"m1","status":"success"}}',
    'frame_unknown',
    'm1',
  ),
  refused('auth without data', 'server', '{"type":"auth"}', 'field_missing'),
  refused('auth without token', 'server', '{"type":"auth","data":{}}', 'field_missing'),
  refused('auth with an empty token', 'server', '{"type":"auth","data":{"token":""}}', 'field_missing'),
  refused(
    'auth with a token that is no string',
    'server',
    '{"type":"auth","data":{"token":{}}}',
    'frame_malformed',
  ),
  refused('a message without data', 'server', '{"type":"message"}', 'field_missing'),
  refused('a message whose data is an array', 'server', '{"type":"message","data":[]}', 'frame_malformed'),
  refused('a message whose data is null', 'server', '{"type":"message","data":null}', 'frame_malformed'),
  refused('a message without id', 'server', without('id'), 'field_missing'),
  ...['fromId', 'toId', 'chatType', 'content'].flatMap((field) => [
    refused(`a message without ${field}`, 'server', without(field), 'field_missing', 'm1'),
    refused(`a message with an empty ${field}`, 'server', altered(field, ''), 'field_missing', 'm1'),
    refused(`a message with a number as ${field}`, 'server', altered(field, 1), 'frame_malformed', 'm1'),
  ]),
  refused('a message with an empty id', 'server', altered('id', ''), 'field_missing'),
  refused('a message with a number as id', 'server', altered('id', 1), 'frame_malformed'),
  refused('a message with an id of 257 units', 'server', altered('id', 'x'.repeat(257)), 'frame_malformed'),
  refused('an unknown chatType', 'server', altered('chatType', 'room'), 'frame_malformed', 'm1'),
  refused(
    'a contentType of 65 units',
    'server',
    altered('contentType', 'x'.repeat(65)),
    'frame_malformed',
    'm1',
  ),
  refused('a replyTo that is no string', 'server', altered('replyTo', 1), 'frame_malformed', 'm1'),
  refused(
    'an imageUrl of 8,193 units',
    'server',
    altered('imageUrl', 'x'.repeat(8193)),
    'frame_malformed',
    'm1',
  ),
  refused(
    'content with a lone surrogate',
    'server',
    sent(FIVE.replace('你好!', '\\ud800')),
    'frame_malformed',
    'm1',
  ),
  refused(
    '33 levels of nesting',
    'server',
    `{"type":"ping","data":${'['.repeat(33)}${']'.repeat(33)}}`,
    'frame_malformed',
  ),
  refused('read without chatId', 'server', '{"type":"read","data":{}}', 'field_missing'),

  refused('a binary wire message from a server', 'client', new Uint8Array([0xff]), 'data_unsupported'),
  refused('a bare ping from a server', 'client', 'ping', 'frame_malformed'),
  refused(
    'a frame that only clients send',
    'client',
    '{"type":"auth","data":{"token":"t"}}',
    'frame_unknown',
  ),
  refused('auth_success without userId', 'client', '{"type":"auth_success","data":{}}', 'field_missing'),
  refused('auth_error without message', 'client', '{"type":"auth_error","data":{}}', 'field_missing'),
  refused('a message without its author', 'client', without('fromId'), 'field_missing', 'm1'),
  refused('a timestamp in words', 'client', altered('timestamp', '2024-07-01'), 'frame_malformed', 'm1'),
  refused('a timestamp with a fraction', 'client', altered('timestamp', 1.5), 'frame_malformed', 'm1'),
  refused('a timestamp of 2^53', 'client', altered('timestamp', 2 ** 53), 'frame_malformed', 'm1'),
  refused('an ack of nothing', 'client', '{"type":"ack","data":{"status":"success"}}', 'field_missing'),
  refused('an error without words', 'client', '{"type":"error","data":{}}', 'field_missing'),
  refused('a kick without a reason', 'client', '{"type":"kick","data":{}}', 'field_missing'),
  refused(
    'a friend_request from nobody',
    'client',
    '{"type":"friend_request","data":{"id":"r","fromName":"n","createTime":1}}',
    'field_missing',
    'r',
  ),
  refused(
    'a mute that is neither true nor false',
    'client',
    '{"type":"group_member_mute","data":{"groupId":"g","targetUserId":"u","muted":"yes"}}',
    'frame_malformed',
  ),
  refused(
    'a group event without its group',
    'client',
    '{"type":"group_dissolved","data":{}}',
    'field_missing',
  ),
];
