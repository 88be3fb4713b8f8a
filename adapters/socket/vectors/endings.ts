/** Server face: faults, and how a connection ends. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { GatewayError } from '../../../core/errors.ts';
import {
  CREDENTIALS,
  closed,
  errorSent,
  failed,
  INBOX,
  joins,
  LOGIN,
  refused,
  send,
  subscribe,
  unsubscribe,
} from './samples.ts';

const face = 'server';

const fault = (code: ConstructorParameters<typeof GatewayError>[0], text: string) =>
  [{ fail: new GatewayError(code) }, text] as const;

export const conversations: readonly ConversationVector[] = [
  {
    name: 'answers a fault with an error and stays open where the fault allows it',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [
        { fail: new GatewayError('frame_malformed', { detail: 'not JSON' }) },
        [errorSent('frame_malformed', { detail: 'not JSON' })],
      ],
      [
        { fail: new GatewayError('frame_unknown', { detail: '"socket:x"' }) },
        [errorSent('frame_unknown', { detail: '"socket:x"' })],
      ],
      [{ fail: new GatewayError('rate_limited') }, [errorSent('rate_limited')]],
      [
        { fail: new GatewayError('field_missing', { messageId: 'm1', detail: 'data/content' }) },
        [errorSent('field_missing', { messageId: 'm1', detail: 'data/content' })],
      ],
    ],
  },
  {
    name: 'answers a subscription that cannot be read in the form of a refused one',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [
        {
          fail: new GatewayError('field_missing', {
            detail: 'data',
            salvaged: { event: 'socket:subscribe' },
          }),
        },
        [refused('field_missing', 'data')],
      ],
      [
        {
          fail: new GatewayError('field_missing', {
            detail: 'data',
            salvaged: { event: 'socket:unsubscribe', channel: 'c' },
          }),
        },
        [
          send({
            event: 'socket:unsubscribe.error',
            data: { error: 'a required field is missing: data' },
          }),
        ],
      ],
    ],
  },
  ...(
    [
      [...fault('slow_consumer', 'this connection reads too slowly'), 'slow_consumer', 'slow_consumer'],
      [...fault('internal', 'internal error'), 'internal', 'internal'],
      [
        ...fault('data_unsupported', 'this kind of WebSocket message is not accepted here'),
        'unsupported_data',
        'data_unsupported',
      ],
      [...fault('frame_too_large', 'the frame is too large'), 'too_large', 'frame_too_large'],
      [
        ...fault('token_expired', 'the token has expired or was revoked; log in again'),
        'token_expired',
        'token_expired',
      ],
      [...fault('shutting_down', 'the server is shutting down; reconnect'), 'shutting_down', 'shutting_down'],
    ] as const
  ).map(
    ([input, text, reason, code]): ConversationVector => ({
      name: `says ${code} as an error and closes`,
      face,
      connection: CREDENTIALS,
      steps: [...LOGIN, [input, [errorSent(code), closed(reason, text)]]],
    }),
  ),
  {
    name: 'speaks Chinese where the endpoint says so, but for the two texts of the source',
    face,
    endpoint: { locale: 'zh-CN' },
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      ...joins(2, 'user:alice', INBOX),
      [
        { fail: new GatewayError('muted') },
        [send({ event: 'error', data: { code: 'muted', message: '你已被禁言' } })],
      ],
      [subscribe('user:alice'), [refused('already_subscribed')]],
      [
        unsubscribe('x'),
        [
          send({
            event: 'socket:unsubscribe.error',
            data: { error: 'the connection is not subscribed to the channel' },
          }),
        ],
      ],
    ],
  },
  {
    name: 'says who replaced a connection, then closes it',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [
        {
          deliver: {
            type: 'session_replaced',
            namespace: 'main',
            user: { namespace: 'main', id: 'alice', name: 'Alice' },
          },
        },
        [
          send({ event: 'session_replaced', data: { user: { id: 'alice', name: 'Alice', avatar: '' } } }),
          closed('replaced', 'replaced by a newer login'),
        ],
      ],
    ],
  },
  ...(
    [
      ['shutting_down', 'shutting_down'],
      ['disconnected', 'normal'],
    ] as const
  ).map(
    ([reason, close]): ConversationVector => ({
      name: `says going_away (${reason}) before it closes`,
      face,
      connection: CREDENTIALS,
      steps: [
        ...LOGIN,
        [
          { deliver: { type: 'going_away', namespace: 'main', reason, afterMs: 1000 } },
          [
            send({ event: 'going_away', data: { reason, afterMs: 1000 } }),
            closed(close, 'the server ends this connection'),
          ],
        ],
      ],
    }),
  ),
  {
    name: 'answers nothing to an outcome that it does not wait for, nor to a timer that it does not know',
    face,
    connection: CREDENTIALS,
    steps: [...LOGIN, [{ settle: 99, outcome: failed('internal') }, []], [{ expire: 'unknown' }, []]],
  },
];
