/** Drives one face of a dialect without a socket: inputs in, effects out. */
import type { AnyDialect, ConnectionContext, Effect, EndpointContext, Face } from '../../core/dialect.ts';
import type { ConversationVector, FaceName, Input } from '../../core/dialect-vectors.ts';

type AnyFace = Face<unknown, unknown, unknown>;

/** An endpoint as core would make it, from a dialect's defaults; `options` are parsed by the dialect. */
export function endpointFor(
  dialect: AnyDialect,
  overrides: Partial<EndpointContext<unknown>> = {},
): EndpointContext<unknown> {
  return {
    path: `/ws/${dialect.id}`,
    namespace: 'main',
    authentication: 'required',
    locale: dialect.defaults.locale,
    limits: { frame: 262_144, content: 10_000 },
    heartbeat: { silenceMs: dialect.defaults.silenceMs },
    ...overrides,
    options: dialect.options.parse(overrides.options ?? {}),
  };
}

/** A connection with fixed time and counted ids: `c-1`, 2025-12-14T02:30:00Z, `00000000-0000-4000-8000-00000000000n`. */
export function connectionFor(overrides: Partial<ConnectionContext> = {}): ConnectionContext {
  let ids = 0;
  return {
    id: 'c-1',
    credentials: [],
    subprotocol: undefined,
    identity: { toWire: (id) => id, toCanonical: (id) => id },
    now: () => 1_765_679_400_000,
    newId: () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`,
    ...overrides,
  };
}

export function faceOf(
  dialect: AnyDialect,
  face: FaceName,
  vector: Pick<ConversationVector, 'endpoint' | 'connection'> = {},
): AnyFace {
  const endpoint = endpointFor(dialect, vector.endpoint);
  const connection = connectionFor(vector.connection);
  return face === 'server'
    ? (dialect.server(endpoint)(connection) as AnyFace)
    : (dialect.client(endpoint)(connection) as AnyFace);
}

/** Applies one input and gives the effects that it had. */
export function apply(face: AnyFace, input: Input): readonly Effect<unknown, unknown>[] {
  const { session, codec } = face;
  if ('open' in input) return session.open();
  if ('wire' in input) return [...codec.decode(input.wire)].flatMap((frame) => session.receive(frame));
  if ('deliver' in input) return session.deliver(input.deliver, input.ref);
  if ('settle' in input) return session.settle(input.settle, input.outcome);
  if ('fail' in input) return session.fail(input.fail);
  return session.expire(input.expire);
}
