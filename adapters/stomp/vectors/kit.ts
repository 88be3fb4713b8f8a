/** Shorthand for this folder's vectors. */
import type { Effect } from '../../../core/dialect.ts';
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import type { GatewayError } from '../../../core/errors.ts';
import type { Command } from '../../../schemas/command.ts';
import type { Event } from '../../../schemas/event.ts';
import type { Headers, User } from '../../../schemas/model.ts';
import type { Result } from '../../../schemas/outcome.ts';
import type { FrameBody, StompFrame } from '../wire.ts';

type AnyEffect = Effect<unknown, unknown>;
export type Step = ConversationVector['steps'][number];

/** A frame; headers as `name:value`. */
export function frame(
  command: StompFrame['command'],
  headers: readonly string[] = [],
  body: FrameBody = '',
): StompFrame {
  const pairs: Headers = headers.map((header) => {
    const colon = header.indexOf(':');
    return [header.slice(0, colon), header.slice(colon + 1)];
  });
  return { command, headers: pairs, body };
}

/** A frame as it stands on the wire. */
export const wire = (command: string, headers: readonly string[] = [], body = ''): string =>
  `${[command, ...headers].join('\n')}\n\n${body}\0`;

export const said = (
  command: StompFrame['command'],
  headers: readonly string[] = [],
  body: FrameBody = '',
): AnyEffect => ({ kind: 'send', frame: frame(command, headers, body) });

export const routed = (ref: number, value: Command | Event): AnyEffect => ({ kind: 'route', ref, value });

export const ok = (ref: number, result: Result): Step[0] => ({ settle: ref, outcome: { ok: true, result } });
export const done = (ref: number): Step[0] => ok(ref, { type: 'done' });
export const refused = (ref: number, error: GatewayError): Step[0] => ({
  settle: ref,
  outcome: { ok: false, error },
});

export const receiptOf = (receipt: string): AnyEffect => said('RECEIPT', [`receipt-id:${receipt}`]);

export const closed = (reason: Extract<AnyEffect, { kind: 'close' }>['reason'], text: string): AnyEffect => ({
  kind: 'close',
  reason,
  text,
});

export const FRAME_TIMER: AnyEffect = { kind: 'timer', name: 'frame', afterMs: 10_000 };

/** The client face's. */
export const IDLE_TIMER: AnyEffect = {
  kind: 'timer',
  name: 'frame',
  afterMs: 10_000,
  restart: 'received',
};

export const user = (id: string, name = id): User => ({ namespace: 'main', id, name });
export const ALICE = user('alice', 'Alice');

/** The n-th id that a test's connection makes. */
export const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** Open, CONNECT with a token, accepted: takes ref 1 and id 1. No heart-beats. */
export function login(version: '1.0' | '1.1' | '1.2' = '1.2'): readonly Step[] {
  return [
    [{ open: true }, [FRAME_TIMER]],
    [
      {
        wire: wire('CONNECT', [
          ...(version === '1.0' ? [] : [`accept-version:${version}`]),
          'Authorization:Bearer T',
        ]),
      },
      [routed(1, { type: 'authenticate', credentials: [{ kind: 'token', token: 'T' }] })],
    ],
    [
      ok(1, { type: 'authenticated', user: ALICE, anonymous: false }),
      [
        said('CONNECTED', [
          `version:${version}`,
          'heart-beat:10000,10000',
          `session:${id(1)}`,
          'server:dragoman/0.1',
          'user-name:alice',
        ]),
        { kind: 'ready' },
      ],
    ],
  ];
}

/** SUBSCRIBE and its settlement; `ref` is the one that it takes. */
export function subscribed(
  ref: number,
  subscription: string,
  destination: string,
  options: { readonly ack?: string; readonly local?: boolean } = {},
): readonly Step[] {
  const headers = [`id:${subscription}`, `destination:${destination}`];
  if (options.ack !== undefined) headers.push(`ack:${options.ack}`);
  const input: Step[0] = { wire: wire('SUBSCRIBE', headers) };
  if (options.local === true) return [[input, []]];
  const target = destination.startsWith('/topic/group/')
    ? ({ type: 'group', id: destination.slice('/topic/group/'.length) } as const)
    : destination.startsWith('/user/')
      ? ({ type: 'user', id: 'alice' } as const)
      : ({ type: destination.startsWith('/queue/') ? 'queue' : 'topic', id: destination } as const);
  return [
    [input, [routed(ref, { type: 'subscribe', target })]],
    [ok(ref, { type: 'subscribed', target }), []],
  ];
}

/** ERROR and close, as a protocol fault ends a connection. */
export function fault(
  code: string,
  text: string,
  options: {
    readonly receipt?: string;
    readonly reason?: Extract<AnyEffect, { kind: 'close' }>['reason'];
  } = {},
): readonly AnyEffect[] {
  const receipt = options.receipt === undefined ? [] : [`receipt-id:${options.receipt}`];
  return [
    said('ERROR', [`message:${code}`, ...receipt, `code:${code}`, 'content-type:text/plain'], text),
    closed(options.reason ?? 'protocol_error', text),
  ];
}

export const DESTINATIONS = [
  { pattern: '/topic/{name}', kind: 'topic' },
  { pattern: '/queue/{name}', kind: 'queue' },
] as const;
