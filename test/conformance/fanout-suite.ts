/** Soundness of `fanoutKey`: sessions that share a key may share the bytes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnyDialect } from '../../core/dialect.ts';
import type { ConversationVector, DialectVectors } from '../../core/dialect-vectors.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Event, EventOf } from '../../schemas/event.ts';
import { canonical } from '../support/arbitraries.ts';
import { apply, connectionFor, endpointFor } from '../support/drive.ts';
import { attempt, runs, sentBy, tryInput } from './drive-vector.ts';
import { deliveredIn, namesIn } from './harvest.ts';

type Keys = readonly (string | undefined)[];

const isGroupMessage = (event: Event): boolean =>
  event.type === 'message' && event.message.to.type === 'group' && event.origin !== 'c-1';

type Face = ReturnType<ReturnType<AnyDialect['server']>>;

/** Conversations that could happen on one endpoint: the same options and the same identities. */
function endpointsOf(
  conversations: readonly ConversationVector[],
): readonly (readonly ConversationVector[])[] {
  const groups: ConversationVector[][] = [];
  for (const conversation of conversations) {
    const same = groups.find(
      ([first]) =>
        JSON.stringify(first?.endpoint) === JSON.stringify(conversation.endpoint) &&
        first?.connection?.identity === conversation.connection?.identity,
    );
    if (same === undefined) groups.push([conversation]);
    else same.push(conversation);
  }
  return groups;
}

function walk(face: Face, conversation: ConversationVector, from: number, to: number): readonly unknown[] {
  return conversation.steps.slice(from, to).map(([input]) => tryInput(face, input));
}

export function describeFanout(dialect: AnyDialect, vectors: DialectVectors): void {
  const conversations = vectors.conversations.filter(({ face }) => face === 'server');
  const { event } = canonical(namesIn(vectors));
  const given = deliveredIn(vectors, 'server');
  const delivery = given.length === 0 ? event : fc.oneof(event, fc.constantFrom(...given));

  /** Two moments of conversations that could happen on one endpoint. */
  const pair = fc
    .constantFrom(...endpointsOf(conversations))
    .chain((group) =>
      fc.tuple(
        fc.constantFrom(...group),
        fc.constantFrom(...group),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
      ),
    );
  const upTo = (conversation: ConversationVector, part: number) =>
    Math.round(part * conversation.steps.length);

  const open = (conversation: ConversationVector) => {
    const endpoint = dialect.server(endpointFor(dialect, conversation.endpoint));
    return (given: ConversationVector, id: string) =>
      endpoint(connectionFor({ ...given.connection, id })) as Face;
  };

  const { silent = [] } = dialect.policy(dialect.options.parse({}));
  if (silent.length > 0) {
    const silentEvent = fc
      .constantFrom(...silent)
      .chain((type) => event.filter((value) => (value as Event).type === type));
    it(`${silent.join(', ')} are never said`, () => {
      fc.assert(
        fc.property(pair, silentEvent, ([first, , part], value) => {
          const face = open(first)(first, 'c-1');
          walk(face, first, 0, upTo(first, part));
          expect(apply(face, { deliver: value }).filter(({ kind }) => kind !== 'lost')).toEqual([]);
        }),
        runs(200),
      );
    });
  }

  describe('fan-out keys', () => {
    it('are shared only by sessions that send the same bytes, once, and lose the same', () => {
      fc.assert(
        fc.property(pair, delivery, ([first, second, a, b], value) => {
          const connect = open(first);
          const faces = [connect(first, 'c-1'), connect(second, 'c-9')] as const;
          walk(faces[0], first, 0, upTo(first, a));
          walk(faces[1], second, 0, upTo(second, b));
          const keys = faces.map((face) => face.session.fanoutKey?.(value as never));
          const said = faces.map((face, index) => {
            if (keys[index] === undefined) return undefined;
            const effects = apply(face, { deliver: value });
            const wire = sentBy(face, effects);
            expect(wire, `${keys[index]} promises one send`).toHaveLength(1);
            const others = effects.filter(({ kind }) => kind !== 'send');
            expect(others.filter(({ kind }) => kind !== 'lost')).toEqual([]);
            return { wire, others };
          });
          if (keys[0] !== undefined && keys[0] === keys[1]) expect(said[0]).toEqual(said[1]);
        }),
        runs(1000),
      );
    });

    it('of messages to one group stay shared from one to the next, whoever writes', () => {
      const toGroup = delivery.filter((value) => isGroupMessage(value as Event));
      fc.assert(
        fc.property(pair, toGroup, toGroup, ([first, second, a, b], one, other) => {
          const connect = open(first);
          const faces = [connect(first, 'c-1'), connect(second, 'c-9')] as const;
          walk(faces[0], first, 0, upTo(first, a));
          walk(faces[1], second, 0, upTo(second, b));
          const { to, namespace } = (one as EventOf<'message'>).message;
          const next = { ...(other as EventOf<'message'>) };
          const values = [one, { ...next, namespace, message: { ...next.message, to, namespace } }];
          const [before, after] = values.map((value) =>
            faces.map((face) => face.session.fanoutKey?.(value as never)),
          ) as readonly Keys[] as [Keys, Keys];
          if (before[0] !== undefined && before[0] === before[1]) expect(after[0]).toBe(after[1]);
        }),
        runs(500),
      );
    });

    it('are absent for the connection that caused the event, where it is told at all', () => {
      fc.assert(
        fc.property(pair, delivery, ([conversation, , part], value) => {
          const { type } = value as { readonly type: string };
          if (type !== 'message' && type !== 'relayed') return;
          const face = open(conversation)(conversation, 'c-1');
          walk(face, conversation, 0, upTo(conversation, part));
          const own = { ...(value as object), origin: 'c-1' };
          expect(face.session.fanoutKey?.(own as never)).toBeUndefined();
        }),
        runs(300),
      );
    });

    it('spare a session the delivery: one that shared the bytes of another goes on as if it had been told', () => {
      fc.assert(
        fc.property(pair, delivery, delivery, ([conversation, , part], value, next) => {
          const count = upTo(conversation, part);
          const [told, spared] = [true, false].map((tellsBoth) => {
            const connect = open(conversation);
            const [first, second] = [connect(conversation, 'c-1'), connect(conversation, 'c-2')];
            for (const face of [first, second]) walk(face, conversation, 0, count);
            const keys = [first, second].map((face) => face.session.fanoutKey?.(value as never));
            const shared = keys[0] !== undefined && keys[0] === keys[1];
            attempt(() => apply(second, { deliver: value }));
            if (tellsBoth || !shared) attempt(() => apply(first, { deliver: value }));
            return first;
          }) as [Face, Face];
          const later = (face: Face) => [
            face.session.fanoutKey?.(next as never),
            tryInput(face, { deliver: next }),
            ...walk(face, conversation, count, conversation.steps.length),
            attempt(() => face.session.fail(new GatewayError('forbidden'))),
          ];
          expect(later(told)).toEqual(later(spared));
        }),
        runs(500),
      );
    });
  });
}
