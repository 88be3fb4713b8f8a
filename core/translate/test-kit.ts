/** A dialect that says everything, for the tests of this folder; what a test wants lost, it drops. */
import { z } from 'zod';
import {
  type AnyDialect,
  defineDialect,
  type Effects,
  type Outcome,
  type Session,
  type WireMessage,
} from '../dialect.ts';
import { GatewayError } from '../errors.ts';
import { lost, NOTHING, READY, route, send } from '../session-kit.ts';
import type { Value } from './trip.ts';

/** What becomes of a value on the wire; undefined: it has no form there. */
export type Tamper = (value: Value) => unknown;

interface Says {
  readonly tamper: Tamper;
  /** Fields that the faces call lost, by type. */
  readonly declares: Readonly<Record<string, readonly string[]>>;
}

type Frame = { readonly value: unknown };

const bytesOut = (_key: string, part: unknown): unknown =>
  part instanceof Uint8Array ? { $bytes: [...part] } : part;
const bytesIn = (_key: string, part: unknown): unknown =>
  typeof part === 'object' && part !== null && '$bytes' in part
    ? Uint8Array.from(part.$bytes as number[])
    : part;

const codec = {
  decode: (message: WireMessage): Frame[] => [{ value: JSON.parse(String(message), bytesIn) as unknown }],
  encode: (frame: Frame): string => JSON.stringify(frame.value, bytesOut),
};

/** Both faces are the same but for the login: what is delivered is sent, what is received is routed. */
function face({ tamper, declares }: Says, first: Effects<Frame, unknown>): Session<Frame, Value, unknown> {
  let refs = 0;
  return {
    open: () => first,
    receive: ({ value }) => [route(++refs, value)],
    deliver(value, ref) {
      const said = tamper(value);
      const fields = declares[value.type];
      const missing = fields === undefined ? NOTHING : [lost(value.type, ...fields)];
      const settled = (outcome: Outcome): Effects<Frame, never> =>
        ref === undefined ? NOTHING : [{ kind: 'settled', ref, outcome }];
      return said === undefined
        ? [lost(value.type), ...settled({ ok: false, error: new GatewayError('unsupported') })]
        : [send({ value: said }), ...missing, ...settled({ ok: true, result: { type: 'done' } })];
    },
    settle: (_ref, outcome) =>
      outcome.ok && outcome.result.type === 'authenticated'
        ? [READY, send({ value: { type: 'authenticated', namespace: 'main', user: outcome.result.user } })]
        : NOTHING,
    fail: () => NOTHING,
    expire: () => NOTHING,
  };
}

/** A dialect whose wire is the canonical model, but for what `tamper` does to it. */
export function fakeDialect(
  id: string,
  tamper: Tamper = (value) => value,
  declares: Says['declares'] = {},
): AnyDialect {
  const says: Says = { tamper, declares };
  return defineDialect<Frame, unknown>({
    id,
    title: 'Says everything',
    options: z.strictObject({}),
    subprotocols: [],
    text: 'string',
    defaults: { locale: 'en', identity: 'string', singleSession: false, silenceMs: null, closeCodes: {} },
    reference: {
      source: 'none',
      toldBy: ['type'],
      frames: [],
      cut: (text) => text.split('\n').filter((line) => line !== ''),
      read: (wire) => JSON.parse(wire) as unknown,
    },
    loginBy: 'frame',
    policy: () => ({ attendance: 'membership', inbox: 'login', replay: 'login' }),
    server: () => () => ({ codec, session: face(says, []) as Session<Frame, never, never> }),
    client: () => (connection) => ({
      codec,
      session: face(says, [
        READY,
        send({ value: { type: 'authenticate', credentials: connection.credentials } }),
      ]) as Session<Frame, never, never>,
    }),
  });
}
