import { describe, expect, it } from 'vitest';
import { Command } from '../../schemas/command.ts';
import { Event } from '../../schemas/event.ts';
import { COMMAND_SAMPLES, EVENT_SAMPLES, nameOf } from './samples.ts';

describe.each([
  ['commands', Command, Object.values(COMMAND_SAMPLES).flat()],
  ['events', Event, Object.values(EVENT_SAMPLES).flat()],
] as const)('the samples of %s', (_what, schema, samples) => {
  it.each(samples.map((sample) => [nameOf(sample), sample.value] as const))(
    '%s is canonical',
    (_name, value) => {
      expect(schema.safeParse(value).error?.issues ?? []).toEqual([]);
    },
  );

  it('have names of their own', () => {
    const names = samples.map(nameOf);
    expect(new Set(names).size).toBe(names.length);
  });

  it('leave no type out, and no field of any type', () => {
    const filled = new Map<string, Set<string>>();
    for (const { value } of samples) {
      const fields = filled.get(value.type) ?? new Set();
      for (const key of Object.keys(value)) fields.add(key);
      filled.set(value.type, fields);
    }
    for (const option of schema.options) {
      const { shape } = option.unwrap();
      const type = [...shape.type.values][0] as string;
      expect([type, [...(filled.get(type) ?? [])].sort()]).toEqual([type, Object.keys(shape).sort()]);
    }
  });
});
