import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dialects } from '../../adapters/index.ts';
import { toyDialect } from '../../test/fixtures/toy/index.ts';
import type { AnyDialect } from '../dialect.ts';
import { textOf } from './frame-errors.ts';
import type { Direction } from './loopback.ts';
import { fakeDialect } from './test-kit.ts';
import { type TranslateRequest, translate } from './translate.ts';

const of = (id: string): AnyDialect => {
  const dialect = dialects.find((each) => each.id === id);
  if (dialect === undefined) throw new Error(`no ${id}`);
  return dialect;
};

const translated = (from: string, to: string, text: string, more: Partial<TranslateRequest> = {}) =>
  translate({ from: of(from), to: of(to), direction: 'to-server', text, ...more });

const only = (...request: Parameters<typeof translated>) => {
  const { frames } = translated(...request);
  expect(frames).toHaveLength(1);
  const [frame] = frames;
  if (frame === undefined) throw new Error('no frame');
  return frame;
};

const JSON_CHAT =
  '{"type":"message","data":{"id":"m1","fromId":"u1","toId":"g9","chatType":"group","content":"hi","contentType":"text","replyTo":"m0"}}';

describe('a frame from a log', () => {
  it('is told in the canonical model and in the other dialect, by its own sender', () => {
    const [value] = only('json', 'socket', JSON_CHAT).values;
    expect(value?.value).toMatchObject({ type: 'send_message', claimedSender: 'u1', content: 'hi' });
    expect(value?.frames.map(textOf)).toEqual([
      '{"event":"message","channel":"group:g9","data":{"id":"m1","content":"hi","contentType":"text","replyTo":"m0"}}',
    ]);
    expect(value?.losses).toEqual([]);
    expect(value?.bookkeeping).toEqual([{ path: 'claimedSender', fate: 'lost' }]);
  });

  it('has every loss named', () => {
    const [value] = only('json', 'room', JSON_CHAT).values;
    expect(value?.losses).toEqual([{ path: 'replyTo', fate: 'lost' }]);
  });

  it('has the fields named that its own dialect does not have', () => {
    const more = JSON_CHAT.replace('"id"', '"priority":{"level":1},"__proto__":1,"id"');
    expect(only('json', 'room', more).unknown).toEqual(['data.priority', 'data.__proto__']);
    expect(only('json', 'room', JSON_CHAT).unknown).toEqual([]);
  });

  it('is told where there are no words for it', () => {
    const direct = JSON_CHAT.replace('"group"', '"single"');
    expect(only('json', 'room', direct).values).toMatchObject([
      { frames: [], losses: [{ path: '*', fate: 'lost' }], errors: [{ code: 'unsupported' }] },
    ]);
  });

  it('needs no join before it: the reader attends the groups that it names', () => {
    const chat =
      '{"msgType":3,"textData":{"dataType":3,"data":{"id":"1","from":{"id":"u1"},"roomNumber":"r7","content":"yo"}}}';
    expect(only('room', 'json', chat)).toMatchObject({
      kind: 'message',
      values: [{ value: { type: 'send_message', target: { type: 'group', id: 'r7' } } }],
    });
    const typing = '{"event":"typing","channel":"news","data":{"on":true}}';
    expect(only('socket', 'socket', typing)).toMatchObject({
      values: [{ value: { type: 'relay', target: { id: 'channel:news' } } }],
    });
  });

  it('may follow its own join, in one paste', () => {
    const { frames } = translated(
      'room',
      'stomp',
      `{"msgType":2,"textData":{"dataType":1,"data":{"from":{"id":"u1"},"roomNumber":"a b"}}}
{"msgType":3,"textData":{"dataType":3,"data":{"id":"1","from":{"id":"u1"},"roomNumber":"a b","content":"yo"}}}`,
    );
    expect(frames.map(({ values }) => values.map(({ value }) => value.type))).toEqual([
      ['join_group'],
      ['send_message'],
    ]);
  });

  it('comes from a server, if told so', () => {
    const message = [
      'MESSAGE',
      'subscription:sub-99',
      'message-id:7',
      'destination:/topic/group/g7',
      '',
      '{"id":"m","fromId":"bob","toId":"g7","chatType":"GROUP","msgType":"TEXT","content":"hé","createdAt":1700000000000}',
      '^@',
    ].join('\n');
    const [value] = only('stomp', 'json', message, { direction: 'to-client' }).values;
    expect(value?.value).toMatchObject({ type: 'message', message: { content: 'hé', to: { id: 'g7' } } });
    expect(JSON.parse(textOf(value?.frames[0] ?? ''))).toMatchObject({
      type: 'message',
      data: { id: 'm', fromId: 'bob', toId: 'g7', content: 'hé' },
    });
  });

  it('has integers for users where the other dialect wants them', () => {
    const chat = JSON_CHAT.replace('"g9"', '"lobby"');
    const { frames, standIns } = translated('json', 'ourchat', chat);
    expect(standIns).toEqual({ u1: '900001' });
    expect(frames[0]?.values[0]?.frames.map(textOf)[0]).toContain('"fromUserId":900001');
    const known = translated('json', 'ourchat', chat.replace('"u1"', '"17"'));
    expect(known.frames[0]?.values[0]?.frames.map(textOf)[0]).toContain('"fromUserId":17');
    expect(known.standIns).toEqual({});
  });
});

describe('what is no message', () => {
  it.each([
    ['json', 'to-server', '{"type":"ping"}'],
    ['json', 'to-server', 'ping'],
    ['json', 'to-client', '{"type":"pong"}'],
    ['room', 'to-server', '{"msgType":1}'],
    ['socket', 'to-server', '{"event":"socket:ping","data":{"id":1}}'],
    ['socket', 'to-client', '{"event":"socket:pong","data":{"reply":1}}'],
    ['stomp', 'to-server', '\n'],
  ] as const)('%s %s %j is a heart-beat', (from, direction, text) => {
    expect(only(from, 'json', text, { direction })).toMatchObject({
      kind: 'heart_beat',
      values: [],
      errors: [],
    });
  });

  it.each([
    ['json', 'to-server', '{"type":"auth","data":{"token":"t"}}'],
    ['json', 'to-client', '{"type":"auth_success","data":{"userId":"u1"}}'],
    ['socket', 'to-client', '{"event":"socket:connected","data":{"socket_id":"a"}}'],
    ['stomp', 'to-server', 'CONNECT\naccept-version:1.2\nhost:/\nAuthorization:Bearer t\n\n\\0'],
    ['stomp', 'to-client', 'CONNECTED\nversion:1.2\nuser-name:u1\n\n^@'],
  ] as const)('%s %s %j is a login', (from, direction, text) => {
    expect(only(from, 'json', text, { direction })).toMatchObject({ kind: 'login', errors: [] });
  });

  it('brings the login over in the other words', () => {
    const { values } = only('json', 'stomp', '{"type":"auth","data":{"token":"t-1"}}');
    const [connect = ''] = values[0]?.frames.map(textOf) ?? [];
    expect(connect.split('\n')).toEqual(expect.arrayContaining(['CONNECT', 'Authorization:Bearer t-1']));
  });

  it.each([
    ['json', '{bad', 'frame_malformed'],
    ['json', '{"type":"oops"}', 'frame_unknown'],
    ['json', '{"type":"message","data":{"id":"m1"}}', 'field_missing'],
    ['room', '{"msgType":4,"textData":{"dataType":1,"data":{}}}', 'unsupported'],
    ['ourchat', '{"type":"CHAT","fromUserId":1}', 'field_missing'],
    ['stomp', 'BOGUS\n\n^@', 'frame_unknown'],
  ] as const)('%s %j is an error with a code', (from, text, code) => {
    expect(only(from, 'json', text)).toMatchObject({ kind: 'error', values: [], errors: [{ code }] });
  });

  it('spoils nothing for the frames after it', () => {
    const { frames } = translated(
      'stomp',
      'json',
      'BOGUS\n\n^@\nSUBSCRIBE\nid:1\ndestination:/topic/group/g1\n\n^@',
    );
    expect(frames.map(({ kind }) => kind)).toEqual(['error', 'message']);
  });
});

const every = [...dialects, toyDialect, fakeDialect('fake')];
const DIRECTIONS: readonly Direction[] = ['to-server', 'to-client'];
const word = fc.constantFrom(
  ...[
    '{',
    '}',
    '"',
    ':',
    ',',
    '\n',
    '\0',
    '^@',
    '[',
    '1',
    '-1',
    'null',
    'type',
    'data',
    'event',
    'message',
    'msgType',
  ],
  ...[
    'MESSAGE',
    'SEND',
    'CONNECT',
    'SAY',
    'LOGIN',
    'CHAT',
    '__proto__',
    '\ud800',
    '1e999',
    'lobby',
    ' ',
    '\\',
  ],
);

describe('whatever the text is', () => {
  it('nothing is thrown, and every frame is told of', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...every),
        fc.constantFrom(...every),
        fc.constantFrom(...DIRECTIONS),
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 200 }),
          fc.array(word, { maxLength: 30 }).map((words) => words.join('')),
          fc.json({ maxDepth: 3 }),
          fc.nat(JSON_CHAT.length).map((end) => JSON_CHAT.slice(0, end)),
        ),
        (from, to, direction, text) => {
          const { frames, left } = translate({ from, to, direction, text });
          expect(left).toBe(0);
          expect(frames.map(({ wire }) => wire)).toEqual(from.reference.cut(text));
        },
      ),
      { numRuns: 400 },
    );
  });

  it('the same text gives the same translation', () => {
    expect(translated('json', 'ourchat', JSON_CHAT)).toEqual(translated('json', 'ourchat', JSON_CHAT));
  });
});
