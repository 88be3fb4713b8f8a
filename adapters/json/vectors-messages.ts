/** The server's side: a stored message as each client reads it. */
import type { ConversationVector } from '../../core/dialect-vectors.ts';
import { lost, send } from '../../core/session-kit.ts';
import type { Message } from '../../schemas/model.ts';
import { events, HONG, LOGIN, messageEvent, SENT_AT, SINGLE } from './vector-samples.ts';

const namespace = 'main';
const FRAME = {
  id: 'msg_uuid_001',
  fromId: 'user_001',
  toId: 'user_002',
  chatType: 'single',
  content: '你好!',
  timestamp: SENT_AT,
  contentType: 'text',
  replyTo: '',
  imageUrl: '',
  from_name: '小明',
  from_avatar: 'https://example.com/avatar.png',
};
const saidAs = (changes: Partial<typeof FRAME>) => send({ type: 'message', data: { ...FRAME, ...changes } });
const { clientId: _, ...UNNAMED }: Message = SINGLE;
const { from_name: __, from_avatar: ___, ...PLAIN } = FRAME;
const TO_GROUP: Message = { ...SINGLE, to: { type: 'group', id: 'group_001' } };

export const conversations: readonly ConversationVector[] = [
  events(
    'a message has every field that the source shows',
    [messageEvent(SINGLE), [saidAs({})]],
    [messageEvent(SINGLE, 'c-2'), [saidAs({})]],
    [messageEvent(TO_GROUP), [saidAs({ toId: 'group_001', chatType: 'group' })]],
    [{ type: 'message', namespace, message: SINGLE, replayed: true }, [saidAs({})]],
  ),
  events('the sending connection gets no copy', [messageEvent(SINGLE, 'c-1'), []]),
  events('a message without a client id shows the gateway’s', [
    messageEvent(UNNAMED),
    [saidAs({ id: '01J1NQ8Z000000000000000001' })],
  ]),
  events('from_name falls back to the id, from_avatar to the empty string', [
    messageEvent({ ...SINGLE, from: { ...HONG, name: '' } }),
    [saidAs({ fromId: 'user_002', from_name: 'user_002', from_avatar: '' })],
  ]),
  events(
    'content is never cut and never changed',
    [messageEvent({ ...SINGLE, content: '' }), [saidAs({ content: '' })]],
    [messageEvent({ ...SINGLE, content: '好'.repeat(20_000) }), [saidAs({ content: '好'.repeat(20_000) })]],
    [messageEvent({ ...SINGLE, content: ' \u0000\r\n"\\' }), [saidAs({ content: ' \u0000\r\n"\\' })]],
  ),
  events(
    'replyTo and the attachment’s URL are said, its name and size are lost',
    [
      messageEvent({
        ...SINGLE,
        contentType: 'image',
        replyTo: 'msg_uuid_000',
        attachment: { url: 'https://example.com/a.png' },
      }),
      [saidAs({ contentType: 'image', replyTo: 'msg_uuid_000', imageUrl: 'https://example.com/a.png' })],
    ],
    [
      messageEvent({ ...SINGLE, attachment: { url: '/a', name: 'a.png', size: 5 } }),
      [saidAs({ imageUrl: '/a' }), lost('message', 'attachment.name', 'attachment.size')],
    ],
  ),
  events(
    'a content type is read back as it was written, and not as another message was',
    [
      messageEvent({
        ...SINGLE,
        contentType: 'sticker/v2',
        extensions: { json: { contentType: 'Sticker/V2' } },
      }),
      [saidAs({ contentType: 'Sticker/V2' })],
    ],
    [
      messageEvent({
        ...SINGLE,
        contentType: 'text',
        extensions: { json: { contentType: 'Sticker/V2' }, other: { a: 1 } },
      }),
      [saidAs({})],
    ],
  ),
  {
    name: 'without senderInSingle only group messages carry the profile',
    face: 'server',
    endpoint: { options: { senderInSingle: false } },
    steps: [
      ...LOGIN,
      [{ deliver: messageEvent(SINGLE) }, [send({ type: 'message', data: PLAIN })]],
      [{ deliver: messageEvent(TO_GROUP) }, [saidAs({ toId: 'group_001', chatType: 'group' })]],
    ],
  },
];
