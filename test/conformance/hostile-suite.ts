/** Properties: whatever comes, from the peer or from core, gives frames, effects or a GatewayError. */
import fc, { type Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnyDialect, Outcome, WireMessage } from '../../core/dialect.ts';
import type { ConversationVector, DialectVectors, FaceName, Input } from '../../core/dialect-vectors.ts';
import { GatewayError } from '../../core/errors.ts';
import { canonical } from '../support/arbitraries.ts';
import { apply, faceOf } from '../support/drive.ts';
import { expectCanonical } from './conversation-suite.ts';
import { attempt, decodeAll, facing, otherFace, runs, sentBy } from './drive-vector.ts';
import { deliveredIn, namesIn, wireOf } from './harvest.ts';
import { mutated } from './mutations.ts';

const DONE: Outcome = { ok: true, result: { type: 'done' } };
const REFUSED: Outcome = { ok: false, error: new GatewayError('forbidden') };

const FACES = ['server', 'client'] as const satisfies readonly FaceName[];

/** A conversation and how far it has come. */
const momentOf = (
  conversations: readonly ConversationVector[],
): Arbitrary<readonly [ConversationVector, number]> =>
  fc
    .constantFrom(...conversations)
    .chain((conversation) =>
      fc.integer({ min: 0, max: conversation.steps.length }).map((count) => [conversation, count] as const),
    );

export function describeHostility(dialect: AnyDialect, vectors: DialectVectors): void {
  describe.each(FACES)('%s face', (side) => {
    const conversations = vectors.conversations.filter(({ face }) => face === side);
    const moment = momentOf(conversations);
    const samples = wireOf(vectors, side);
    const names = namesIn(vectors);
    const { event, command } = canonical(names);
    const wire: Arbitrary<WireMessage> = fc.oneof(
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 64 }) },
      { weight: 1, arbitrary: fc.json() },
      { weight: 1, arbitrary: fc.constantFrom(...samples) },
      { weight: 6, arbitrary: mutated(samples) },
    );

    it('decodes any wire messages to frames or a GatewayError', () => {
      fc.assert(
        fc.property(fc.array(wire, { maxLength: 5 }), (messages) => {
          const { codec } = faceOf(dialect, side);
          for (const message of messages) decodeAll(codec, [message]);
        }),
        runs(500),
      );
    });

    it('answers any frames, at any moment, with effects or a GatewayError, and routes canonical values', () => {
      fc.assert(
        fc.property(moment, fc.array(wire, { maxLength: 5 }), ([conversation, count], messages) => {
          const { face } = facing(dialect, conversation, count);
          for (const message of messages) {
            for (const frame of decodeAll(face.codec, [message]).frames) {
              const effects = attempt(() => face.session.receive(frame));
              if (effects instanceof GatewayError) attempt(() => face.session.fail(effects));
              else expectCanonical(conversation, effects);
            }
          }
        }),
        runs(300),
      );
    });

    const given = deliveredIn(vectors, side);
    const generated: Arbitrary<unknown> = side === 'server' ? event : command;
    const delivery: Arbitrary<unknown> =
      given.length === 0 ? generated : fc.oneof(generated, fc.constantFrom(...given));

    it('says any canonical value, at any moment, in words that the other face reads', () => {
      fc.assert(
        fc.property(
          moment,
          fc.array(delivery, { minLength: 1, maxLength: 3 }),
          ([conversation, count], values) => {
            const peer = faceOf(dialect, otherFace(side), conversation);
            const { face, isReady } = facing(dialect, conversation, count, (said) => {
              decodeAll(peer.codec, [said]);
            });
            values.forEach((value, index) => {
              const input: Input = { deliver: value, ref: 1000 + index };
              const effects = attempt(() => apply(face, input));
              // Core delivers to a ready session only; before that, not throwing anything else is all.
              if (effects instanceof GatewayError || !isReady) return;
              expectCanonical(conversation, effects);
              for (const said of sentBy(face, effects)) {
                const { frames, error } = decodeAll(peer.codec, [said]);
                expect(error, `reads ${String(said)}`).toBeUndefined();
                expect(frames).toHaveLength(1);
                const heard = attempt(() => frames.flatMap((frame) => peer.session.receive(frame)));
                if (!(heard instanceof GatewayError)) expectCanonical({ face: otherFace(side) }, heard);
              }
            });
          },
        ),
        runs(500),
      );
    });

    it('takes the expiry of any timer and the settlement of any ref', () => {
      const input: Arbitrary<Input> = fc.oneof(
        fc.string().map((expire) => ({ expire })),
        fc.constantFrom('silence', 'ping', 'pong', 'frame').map((expire) => ({ expire })),
        fc.nat({ max: 9 }).map((settle) => ({ settle, outcome: DONE })),
        fc.nat({ max: 9 }).map((settle) => ({ settle, outcome: REFUSED })),
      );
      fc.assert(
        fc.property(moment, fc.array(input, { maxLength: 4 }), ([conversation, count], inputs) => {
          const { face } = facing(dialect, conversation, count);
          for (const one of inputs) attempt(() => apply(face, one));
        }),
        runs(200),
      );
    });
  });
}
