/** The arbitraries keep to the schemas that they stand for. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Command } from '../../schemas/command.ts';
import { Event } from '../../schemas/event.ts';
import { canonical } from './arbitraries.ts';

const { event, command } = canonical({ users: ['alice'], groups: ['lobby'] });

describe('arbitraries', () => {
  it('of events satisfy the schema, all types of them', () => {
    fc.assert(
      fc.property(event, (value) => {
        expect(Event.safeParse(value).error?.issues ?? []).toEqual([]);
      }),
    );
    const types = new Set(fc.sample(event, { numRuns: 1000, seed: 1 }).map(({ type }) => type));
    expect(types.size).toBe(Event.options.length);
  });

  it('of commands satisfy the schema, all types of them', () => {
    fc.assert(
      fc.property(command, (value) => {
        expect(Command.safeParse(value).error?.issues ?? []).toEqual([]);
      }),
    );
    const types = new Set(fc.sample(command, { numRuns: 1000, seed: 1 }).map(({ type }) => type));
    expect(types.size).toBe(Command.options.length);
  });
});
