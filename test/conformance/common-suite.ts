/** Soundness of `commonMessage`: what it says is what any session of the endpoint would make of the frame. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnyDialect } from '../../core/dialect.ts';
import type { ConversationVector, DialectVectors } from '../../core/dialect-vectors.ts';
import { GatewayError } from '../../core/errors.ts';
import { connectionFor } from '../support/drive.ts';
import { type AnyEffect, attempt, decodeAll, facing, runs, tryInput } from './drive-vector.ts';
import { wireOf } from './harvest.ts';

const isSameEndpoint = (one: ConversationVector, other: ConversationVector): boolean =>
  JSON.stringify(one.endpoint) === JSON.stringify(other.endpoint) &&
  one.connection?.identity === other.connection?.identity;

/** Of another time and with other ids: nothing of either may be in what is common. */
const elsewhere = (conversation: ConversationVector): ConversationVector => ({
  ...conversation,
  connection: {
    ...connectionFor(conversation.connection),
    id: 'c-2',
    now: () => 1,
    newId: () => 'another-id',
  },
});

/** Refs count what a session has routed: they may differ. */
const withoutRefs = (effects: readonly AnyEffect[] | GatewayError): unknown =>
  effects instanceof GatewayError
    ? effects.code
    : effects.map((effect) => (effect.kind === 'route' ? { ...effect, ref: 0 } : effect));

/** A session that is ready, and how it came to be so. */
interface Moment {
  readonly conversation: ConversationVector;
  readonly count: number;
}

export function describeCommon(dialect: AnyDialect, vectors: DialectVectors): void {
  const conversations = vectors.conversations.filter(({ face }) => face === 'client');
  const moments: readonly Moment[] = conversations.flatMap((conversation) =>
    conversation.steps
      .map((_, index) => ({ conversation, count: index + 1 }))
      .filter(({ count }) => facing(dialect, conversation, count).isReady),
  );
  const framesAt = ({ conversation, count }: Moment) => {
    const { face } = facing(dialect, conversation, count);
    const { codec } = face;
    const frames = wireOf(vectors, 'client').flatMap((wire) => decodeAll(codec, [wire]).frames);
    return frames.flatMap((frame) => {
      const event = attempt(() => face.session.commonMessage?.(frame));
      return event === undefined || event instanceof GatewayError ? [] : [{ frame, event }];
    });
  };
  const cases = moments.flatMap((moment) => framesAt(moment).map((common) => ({ ...moment, ...common })));
  if (cases.length === 0) return;

  describe('a common message', () => {
    it('is what every session that is ready routes, and nothing else comes of it', () => {
      fc.assert(
        fc.property(fc.constantFrom(...cases), fc.constantFrom(...moments), (one, other) => {
          if (!isSameEndpoint(one.conversation, other.conversation)) return;
          const { face } = facing(dialect, elsewhere(other.conversation), other.count);
          const effects = face.session.receive(one.frame);
          expect(withoutRefs(effects)).toEqual([{ kind: 'route', ref: 0, value: one.event }]);
          const [routed] = effects as readonly [AnyEffect & { readonly kind: 'route' }];
          const outcome = { ok: true, result: { type: 'done' } } as const;
          expect(face.session.settle(routed.ref, outcome)).toEqual([]);
        }),
        runs(1000),
      );
    });

    it('leaves a session as it was: one that is spared it goes on as if it had heard it', () => {
      fc.assert(
        fc.property(fc.constantFrom(...cases), ({ conversation, count, frame }) => {
          const later = (isTold: boolean) => {
            const { face } = facing(dialect, conversation, count);
            if (isTold) face.session.receive(frame);
            return conversation.steps.slice(count).map(([input]) => withoutRefs(tryInput(face, input)));
          };
          expect(later(false)).toEqual(later(true));
        }),
        runs(300),
      );
    });
  });
}
