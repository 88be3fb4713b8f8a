/** Server face: events of the clients' own. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { CREDENTIALS, DONE, errorSent, failed, IN_LOBBY, joins, LOGIN, published, route } from './samples.ts';

const face = 'server';

const SEND = { type: 'send_message', target: IN_LOBBY, content: 'hi', contentType: 'text' } as const;

const relay = (name: string, body: string) => ({
  type: 'relay',
  target: IN_LOBBY,
  name,
  headers: [],
  body,
  ephemeral: true,
});

const reserved = errorSent('forbidden', { detail: 'only the server sends events of this name' });

export const conversations: readonly ConversationVector[] = [
  {
    name: 'relays any other event to a subscribed channel and answers nothing when it is through',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      ...joins(2, 'group:lobby', IN_LOBBY),
      [
        published('typing', 'group:lobby', { on: true, of: ['a', 1, null] }),
        [route(3, relay('typing', '{"on":true,"of":["a",1,null]}'))],
      ],
      [{ settle: 3, outcome: DONE }, []],
      [{ wire: '{"event":"wave","channel":"group:lobby"}' }, [route(4, relay('wave', ''))]],
      [{ settle: 4, outcome: failed('rate_limited') }, [errorSent('rate_limited')]],
      [published('wave', 'group:lobby', null), [route(5, relay('wave', 'null'))]],
      [published('wave', 'group:lobby', 'x'), [route(6, relay('wave', '"x"'))]],
      [published('__proto__', 'group:lobby', 1), [route(7, relay('__proto__', '1'))]],
    ],
  },
  {
    name: 'relays only to subscribed channels, so never to the inbox of another user',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [published('typing', 'group:lobby', {}), [errorSent('not_subscribed')]],
      [published('typing', 'user:bob', {}), [errorSent('not_subscribed')]],
    ],
  },
  {
    name: 'lets nobody forge an event that the server alone may send',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      ...joins(2, 'group:lobby', IN_LOBBY),
      ...[
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
      ].map((name) => [published(name, 'group:lobby', {}), [reserved]] as const),
    ],
  },
  {
    name: 'refuses events of clients where the endpoint has them switched off, and still takes messages',
    face,
    endpoint: { options: { clientEvents: false } },
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      ...joins(2, 'group:lobby', IN_LOBBY),
      [
        published('typing', 'group:lobby', {}),
        [errorSent('forbidden', { detail: 'clients publish no events here' })],
      ],
      [published('message', 'group:lobby', { content: 'hi' }), [route(3, SEND)]],
    ],
  },
  {
    name: 'refuses a number that would become null on the way',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      ...joins(2, 'group:lobby', IN_LOBBY),
      [
        { wire: '{"event":"price","channel":"group:lobby","data":[{"a":1e400}]}' },
        [errorSent('frame_malformed', { detail: 'data has a number out of range' })],
      ],
    ],
  },
];
