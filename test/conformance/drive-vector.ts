/** What the suites share: a face that is driven, and a peer's codec that reads all it says. */
import type { AnyDialect, Codec, Effect, EndpointContext, WireMessage } from '../../core/dialect.ts';
import type { ConversationVector, FaceName, Input } from '../../core/dialect-vectors.ts';
import { GatewayError } from '../../core/errors.ts';
import { apply, faceOf } from '../support/drive.ts';

/** `SOAK=20 npx vitest run test/conformance.test.ts` looks twenty times as long. */
const SOAK = Number(process.env.SOAK ?? 1);
export const runs = (count: number): { readonly numRuns: number } => ({ numRuns: count * SOAK });

export type AnyEffect = Effect<unknown, unknown>;
type Face = ReturnType<typeof faceOf>;

export const otherFace = (face: FaceName): FaceName => (face === 'server' ? 'client' : 'server');

/** Runs `action`; gives what it returned, or the GatewayError that it threw. Anything else thrown goes on. */
export function attempt<Value>(action: () => Value): Value | GatewayError {
  try {
    return action();
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown;
    throw thrown;
  }
}

/** Frames of wire messages, up to the first fault. */
export function decodeAll(
  codec: Codec<unknown>,
  wire: readonly WireMessage[],
): { readonly frames: readonly unknown[]; readonly error: GatewayError | undefined } {
  const frames: unknown[] = [];
  const error = attempt(() => {
    for (const message of wire) for (const frame of codec.decode(message)) frames.push(frame);
    return undefined;
  });
  return { frames, error };
}

export const codecOf = (
  dialect: AnyDialect,
  vector: { readonly face: FaceName; readonly endpoint?: Partial<EndpointContext<unknown>> },
): Codec<unknown> => faceOf(dialect, vector.face, endpointOf(vector)).codec;

const endpointOf = (vector: { readonly endpoint?: Partial<EndpointContext<unknown>> }) =>
  vector.endpoint === undefined ? {} : { endpoint: vector.endpoint };

/** An input's effects, or the fault that core would give back to `fail`. */
export const tryInput = (face: Face, input: Input): readonly AnyEffect[] | GatewayError =>
  attempt(() => apply(face, input));

/** The frames that effects send, on the wire. */
export function sentBy(face: Face, effects: readonly AnyEffect[]): readonly WireMessage[] {
  return effects.flatMap((effect) => (effect.kind === 'send' ? [face.codec.encode(effect.frame)] : []));
}

export const describeWire = (wire: WireMessage): string =>
  (typeof wire === 'string' ? JSON.stringify(wire) : `bytes ${Buffer.from(wire).toString('hex')}`).slice(
    0,
    120,
  );

const encoder = new TextEncoder();
export const bytesOf = (wire: WireMessage): Uint8Array =>
  typeof wire === 'string' ? encoder.encode(wire) : wire;

/** A face that has been through the first `count` steps of a conversation, faults given back as core does it. */
export function facing(
  dialect: AnyDialect,
  conversation: ConversationVector,
  count: number,
  hear: (wire: WireMessage) => void = () => {},
): { readonly face: Face; readonly isReady: boolean } {
  const face = faceOf(dialect, conversation.face, conversation);
  let isReady = false;
  for (const [input] of conversation.steps.slice(0, count)) {
    const effects = tryInput(face, input);
    const answer = effects instanceof GatewayError ? attempt(() => face.session.fail(effects)) : effects;
    if (answer instanceof GatewayError) continue;
    isReady ||= answer.some(({ kind }) => kind === 'ready');
    for (const wire of sentBy(face, answer)) hear(wire);
  }
  return { face, isReady };
}
