/** Conversations of the server face: faults and frames that do not end. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { GatewayError } from '../../../core/errors.ts';
import { TOKEN } from './credentials.ts';
import { closed, done, FRAME_TIMER, fault, id, login, routed, said, subscribed, wire } from './kit.ts';

export const faults: readonly ConversationVector[] = [
  {
    name: 'refuses SEND before CONNECT [STOMP 1.2, CONNECT]',
    face: 'server',
    steps: [
      [
        { wire: wire('SEND', ['destination:/app/chat.send', 'receipt:9'], '{}') },
        [
          said(
            'ERROR',
            ['message:Unauthorized', 'receipt-id:9', 'code:unauthenticated', 'content-type:text/plain'],
            'Unauthorized: CONNECT comes first',
          ),
          closed('unauthenticated', 'log in first: CONNECT comes first'),
        ],
      ],
    ],
  },
  {
    name: 'refuses a second CONNECT',
    face: 'server',
    steps: [
      ...login(),
      [
        { wire: wire('CONNECT', ['accept-version:1.2', 'token:T']) },
        fault('protocol_violation', 'the protocol does not allow this: CONNECT comes once'),
      ],
    ],
  },
  {
    name: 'names the receipt of a frame that could not be read',
    face: 'server',
    steps: [
      ...login(),
      [
        {
          fail: new GatewayError('frame_malformed', {
            fatal: 'protocol_error',
            detail: 'content-length is not a number of bytes',
            salvaged: { receipt: 'r-9' },
          }),
        },
        fault('frame_malformed', 'the frame cannot be read: content-length is not a number of bytes', {
          receipt: 'r-9',
        }),
      ],
    ],
  },
  {
    name: 'ends a connection on an error without a frame before login, whatever it is',
    face: 'server',
    steps: [
      [{ fail: new GatewayError('rate_limited') }, fault('rate_limited', 'too many messages; slow down')],
    ],
  },
  {
    name: 'reports an error without a frame on the errors queue',
    face: 'server',
    steps: [
      ...login(),
      ...subscribed(0, 'e', '/user/queue/errors', { local: true }),
      [
        { fail: new GatewayError('rate_limited') },
        [
          said(
            'MESSAGE',
            [
              'subscription:e',
              `message-id:${id(2)}`,
              'destination:/user/queue/errors',
              'content-type:application/json',
            ],
            '{"code":"rate_limited","message":"too many messages; slow down"}',
          ),
        ],
      ],
    ],
  },
  {
    name: 'explains errors in the language of the endpoint',
    face: 'server',
    endpoint: { locale: 'zh-CN' },
    steps: [
      ...login(),
      [
        { fail: new GatewayError('rate_limited') },
        fault('rate_limited', '\u6d88\u606f\u53d1\u9001\u8fc7\u4e8e\u9891\u7e41'),
      ],
    ],
  },
  {
    name: 'ends a connection whose frame does not end',
    face: 'server',
    steps: [
      ...login(),
      [{ wire: 'SEND\ndestination:/app/chat.send\ncontent-length:99\n\n{}\0' }, []],
      [{ expire: 'frame' }, [FRAME_TIMER]],
      [{ wire: '\n' }, []],
      [
        { expire: 'frame' },
        fault('frame_malformed', 'the frame cannot be read: the frame did not end in time'),
      ],
    ],
  },
  {
    name: 'waits for a frame that goes on, however slowly it comes',
    face: 'server',
    steps: [
      ...login(),
      [{ wire: `SEND\ndestination:/app/chat.revoke\n\n{"messageId":"m"${' '.repeat(100)}` }, []],
      [{ expire: 'frame' }, [FRAME_TIMER]],
      [{ wire: ' '.repeat(100) }, []],
      [{ expire: 'frame' }, [FRAME_TIMER]],
      [{ wire: '}\0' }, [routed(2, { type: 'revoke_message', message: 'm' })]],
      [{ expire: 'frame' }, [FRAME_TIMER]],
    ],
  },
  {
    name: 'does not blame the client for an unfinished frame while its commands are in flight',
    face: 'server',
    steps: [
      ...login(),
      [
        { wire: `${wire('SEND', ['destination:/app/chat.revoke'], '{"messageId":"m"}')}SEND\n` },
        [routed(2, { type: 'revoke_message', message: 'm' })],
      ],
      [{ expire: 'frame' }, [FRAME_TIMER]],
      [{ expire: 'frame' }, [FRAME_TIMER]],
      [done(2), []],
      [{ expire: 'frame' }, [FRAME_TIMER]],
    ],
  },
  {
    name: 'cuts frames at the end of a wire message where NULs get lost',
    face: 'server',
    endpoint: { options: { assumeEndOfMessage: true } },
    steps: [
      [
        { wire: 'CONNECT\naccept-version:1.2\ntoken:T\n\n' },
        [routed(1, { type: 'authenticate', credentials: [TOKEN] })],
      ],
    ],
  },
];
