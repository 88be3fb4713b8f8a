/** Shorthand for vectors of the client face. */

import type { Effect } from '../../../core/dialect.ts';
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import type { GatewayError } from '../../../core/errors.ts';
import type { Command } from '../../../schemas/command.ts';
import type { Result } from '../../../schemas/outcome.ts';
import { JSON_TYPE } from './broker-kit.ts';
import { stored } from './chat-kit.ts';
import { IDLE_TIMER, routed, type Step, said, user, wire } from './kit.ts';

export const ALICE = user('alice');

export const TOKEN = { credentials: [{ kind: 'token', token: 'T' }] } as const;

export const settled = (ref: number, result: Result): Effect<unknown, unknown> => ({
  kind: 'settled',
  ref,
  outcome: { ok: true, result },
});

export const failed = (ref: number, error: GatewayError): Effect<unknown, unknown> => ({
  kind: 'settled',
  ref,
  outcome: { ok: false, error },
});

export const lost = (type: string, ...fields: readonly string[]): Effect<unknown, unknown> => ({
  kind: 'lost',
  type,
  fields: fields.length === 0 ? ['*'] : fields,
});

export const CONNECT = said('CONNECT', [
  'accept-version:1.2,1.1,1.0',
  'heart-beat:10000,10000',
  'host:/',
  'Authorization:Bearer T',
]);

export const OWN_QUEUES = [
  said('SUBSCRIBE', ['id:sub-1', 'destination:/user/queue/messages', 'ack:auto']),
  said('SUBSCRIBE', ['id:sub-2', 'destination:/user/queue/errors', 'ack:auto']),
  said('SUBSCRIBE', ['id:sub-3', 'destination:/user/queue/events', 'ack:auto']),
];

export const RECOGNISED = routed(1, { type: 'authenticated', namespace: 'main', user: ALICE });

/** Logged in at a chat service: ref 1 of the events and sub-1 to sub-3 are taken. */
const login = (version = '1.2'): readonly Step[] => [
  [{ open: true }, [CONNECT, IDLE_TIMER]],
  [
    { wire: wire('CONNECTED', [`version:${version}`, 'heart-beat:0,0', 'user-name:alice']) },
    [RECOGNISED, ...OWN_QUEUES, { kind: 'ready' }],
  ],
];

/** Logged in at a general broker. */
const atBroker = (version = '1.2'): readonly Step[] => [
  [{ open: true }, [CONNECT, IDLE_TIMER]],
  [{ wire: `${wire('CONNECTED', [`version:${version}`, 'server:RabbitMQ/4'])}\n` }, [{ kind: 'ready' }]],
];

export const chat = (
  name: string,
  steps: readonly Step[],
  more: Partial<ConversationVector> = {},
): ConversationVector => ({
  name,
  face: 'client',
  connection: TOKEN,
  ...more,
  steps: [...login(), ...steps],
});

export const broker = (
  name: string,
  steps: readonly Step[],
  version?: string,
  options: object = {},
): ConversationVector => ({
  name,
  face: 'client',
  connection: TOKEN,
  endpoint: { options: { upstream: { chat: false, ...options } } },
  steps: [...atBroker(version), ...steps],
});

export const sendHello: Command = {
  type: 'send_message',
  target: { type: 'user', id: 'bob' },
  content: 'Hello',
  contentType: 'text',
  clientId: 'm-1',
};

export const result = (changes: object = {}): Result => ({
  type: 'stored',
  duplicate: false,
  message: stored({
    id: 'm-1',
    clientId: 'm-1',
    sequence: 1,
    from: ALICE,
    to: { type: 'user', id: 'bob' },
    sentAt: 1_765_679_400_000,
    ...changes,
  }),
});

export const sendFrame = (
  receipt: string,
  body: string,
  destination = '/app/chat.send',
  before: readonly string[] = [],
) => said('SEND', [`receipt:${receipt}`, ...before, `destination:${destination}`, JSON_TYPE], body);

export const HELLO =
  '{"messageId":"m-1","toId":"bob","chatType":"SINGLE","msgType":"TEXT","content":"Hello"}';

export const receipt = (name: string): Step[0] => ({ wire: wire('RECEIPT', [`receipt-id:${name}`]) });

export function inboxFrame(more: readonly string[] = ['subscription:sub-1']): string {
  return wire(
    'MESSAGE',
    [...more, 'destination:/user/queue/messages', 'message-id:x'],
    '{"id":"m-9","fromId":"bob","toId":"alice","chatType":"SINGLE","msgType":"TEXT","content":"Hello","status":"SENT","createdAt":1715000000000}\n',
  );
}
