/** The conversation vectors: exact effects, canonical values that satisfy their schemas, words that the peer reads. */
import { describe, expect, it } from 'vitest';
import type { AnyDialect } from '../../core/dialect.ts';
import type { ConversationVector } from '../../core/dialect-vectors.ts';
import { Command } from '../../schemas/command.ts';
import { Event } from '../../schemas/event.ts';
import { Result } from '../../schemas/outcome.ts';
import { apply, faceOf } from '../support/drive.ts';
import { type AnyEffect, decodeAll, otherFace } from './drive-vector.ts';

/** Whatever leaves a session in canonical form has the canonical form. */
export function expectCanonical(
  { face }: Pick<ConversationVector, 'face'>,
  effects: readonly AnyEffect[],
): void {
  for (const effect of effects) {
    if (effect.kind === 'route') {
      const schema = face === 'server' ? Command : Event;
      expect(schema.safeParse(effect.value).error?.issues ?? []).toEqual([]);
    }
    if (effect.kind === 'settled') {
      expect(face).toBe('client');
      if (effect.outcome.ok) expect(Result.safeParse(effect.outcome.result).error?.issues ?? []).toEqual([]);
    }
  }
}

function runs(dialect: AnyDialect, conversation: ConversationVector): void {
  const face = faceOf(dialect, conversation.face, conversation);
  const peer = faceOf(dialect, otherFace(conversation.face), conversation);
  conversation.steps.forEach(([input, expected], index) => {
    const effects = apply(face, input);
    expect(effects, `step ${index + 1}: ${JSON.stringify(input).slice(0, 200)}`).toEqual(expected);
    expectCanonical(conversation, effects);
    for (const effect of effects) {
      if (effect.kind !== 'send') continue;
      const wire = face.codec.encode(effect.frame);
      const read = decodeAll(peer.codec, [wire]);
      expect(read.error, `the peer reads ${String(wire)}`).toBeUndefined();
      // What only keeps a connection alive may go unreported later on; a fresh peer knows it.
      const fresh = () => faceOf(dialect, otherFace(conversation.face), conversation).codec;
      const frames = read.frames.length > 0 ? read.frames : decodeAll(fresh(), [wire]).frames;
      expect(frames).toHaveLength(1);
      expect(face.codec.encode(frames[0])).toEqual(wire);
    }
  });
}

export function describeConversations(
  dialect: AnyDialect,
  conversations: readonly ConversationVector[],
): void {
  for (const side of ['server', 'client'] as const) {
    describe(`${side} face`, () => {
      const own = conversations.filter(({ face }) => face === side);
      it('has conversations', () => expect(own.length).toBeGreaterThan(0));
      for (const conversation of own) it(conversation.name, () => runs(dialect, conversation));
    });
  }

  it('has no two conversations of one name', () => {
    const names = conversations.map(({ name, face }) => `${face}: ${name}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });
}
