/** Conversations of the server face: messages as MESSAGE frames. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { arrives, delivered, group, INBOX, LOBBY } from './chat-kit.ts';
import { login, type Step, subscribed, user, wire } from './kit.ts';

export const BODY =
  '"fromId":"bob","toId":"alice","chatType":"SINGLE","msgType":"TEXT","content":"Hello","status":"SENT","createdAt":1715000000000}';

const IN_LOBBY =
  '"fromId":"bob","toId":"lobby","chatType":"GROUP","msgType":"TEXT","content":"Hello","status":"SENT","createdAt":1715000000000}';

/** In the lobby and the inbox, this event gives these effects. */
const delivers = (
  name: string,
  event: unknown,
  effects: Step[1],
  more: Partial<ConversationVector> = {},
): ConversationVector => ({
  name,
  face: 'server',
  ...more,
  steps: [
    ...login(),
    ...subscribed(2, 'i', INBOX),
    ...subscribed(3, 'g', LOBBY),
    [{ deliver: event }, effects],
  ],
});

export const lobby = { to: { type: 'group', id: 'lobby' } } as const;

export const outbound: readonly ConversationVector[] = [
  delivers('delivers a direct message to the inbox', arrives(), [
    delivered('i', INBOX, `{"id":"01J",${BODY}`),
  ]),
  delivers('shows the id that the author gave', arrives({ clientId: 'm-1' }), [
    delivered('i', INBOX, `{"id":"m-1",${BODY}`),
  ]),
  delivers('delivers a group message to the topic only', arrives(lobby), [
    delivered('g', LOBBY, `{"id":"01J",${IN_LOBBY}`),
  ]),
  delivers('delivers a missed group message to the inbox', arrives(lobby, { replayed: true }), [
    delivered('i', INBOX, `{"id":"01J",${IN_LOBBY}`),
  ]),
  delivers('gives the sending connection its own group message', arrives(lobby, { origin: 'c-1' }), [
    delivered('g', LOBBY, `{"id":"01J",${IN_LOBBY}`),
  ]),
  delivers('gives the sending connection no copy of its direct message', arrives({}, { origin: 'c-1' }), []),
  delivers(
    'gives the other connections of the sender a copy',
    arrives({ from: user('alice'), to: { type: 'user', id: 'bob' } }, { origin: 'c-2' }),
    [
      delivered(
        'i',
        INBOX,
        '{"id":"01J","fromId":"alice","toId":"bob","chatType":"SINGLE","msgType":"TEXT","content":"Hello","status":"SENT","createdAt":1715000000000}',
      ),
    ],
  ),
  delivers(
    'says nothing of a group that was not subscribed',
    arrives({ to: { type: 'group', id: 'x' } }),
    [],
  ),
  delivers(
    'counts a name and an avatar that the body cannot say',
    arrives({
      from: { ...user('bob', 'Bob'), avatar: '/b.png' },
    }),
    [
      delivered('i', INBOX, `{"id":"01J",${BODY}`),
      { kind: 'lost', type: 'message', fields: ['from.name', 'from.avatar'] },
    ],
  ),
  delivers(
    'counts a message whose author has no id on this wire',
    arrives(),
    [{ kind: 'lost', type: 'message', fields: ['*'] }],
    {
      connection: {
        identity: {
          toWire: (canonical) => (canonical === 'bob' ? undefined : canonical),
          toCanonical: (wireId) => wireId,
        },
      },
    },
  ),
  delivers(
    'says media by its URL, and beside it what the URL cannot hold',
    arrives({
      content: 'look',
      contentType: 'image',
      attachment: { url: 'https://h/a.png', name: 'a.png' },
      replyTo: 'm-0',
      extensions: { stomp: { appId: 'k', mentionedUserIds: ['alice'] } },
    }),
    [
      delivered(
        'i',
        INBOX,
        '{"id":"01J","fromId":"bob","toId":"alice","chatType":"SINGLE","msgType":"IMAGE","content":"https://h/a.png","status":"SENT","createdAt":1715000000000,"text":"look","attachment":{"url":"https://h/a.png","name":"a.png"},"replyTo":"m-0","mentionedUserIds":["alice"]}',
      ),
    ],
  ),
  delivers(
    'says an image that is a URL and nothing else as the source would',
    arrives({
      content: 'https://h/a.png',
      contentType: 'image',
      attachment: { url: 'https://h/a.png' },
    }),
    [
      delivered(
        'i',
        INBOX,
        '{"id":"01J","fromId":"bob","toId":"alice","chatType":"SINGLE","msgType":"IMAGE","content":"https://h/a.png","status":"SENT","createdAt":1715000000000}',
      ),
    ],
  ),
  delivers(
    'says other attachments beside the content',
    arrives({ attachment: { url: 'a' }, contentType: 'RED_packet' }),
    [
      delivered(
        'i',
        INBOX,
        '{"id":"01J","fromId":"bob","toId":"alice","chatType":"SINGLE","msgType":"RED_packet","content":"Hello","status":"SENT","createdAt":1715000000000,"attachment":{"url":"a"}}',
      ),
    ],
  ),
  {
    name: 'sends one MESSAGE for each subscription, each with a message-id of its own',
    face: 'server',
    steps: [
      ...login(),
      ...subscribed(2, 'a', LOBBY),
      [{ wire: wire('SUBSCRIBE', ['id:b', `destination:${LOBBY}`]) }, []],
      [
        { deliver: arrives(lobby) },
        [
          delivered('a', LOBBY, `{"id":"01J",${IN_LOBBY}`),
          delivered('b', LOBBY, `{"id":"01J",${IN_LOBBY}`, '01J.2'),
        ],
      ],
    ],
  },
  delivers(
    'has no roster',
    { type: 'user_list', namespace: 'main', group: group(), online: [], offline: [] },
    [{ kind: 'lost', type: 'user_list', fields: ['*'] }],
  ),
];
