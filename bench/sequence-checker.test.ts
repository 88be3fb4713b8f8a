import { expect, test } from 'vitest';
import { SequenceChecker } from './sequence-checker.ts';

/** A receiver of the senders 10 and 11 that gets these messages; each sender has sent four. */
function faultsOf(messages: readonly (readonly [sender: number, sequence: number])[]): readonly string[] {
  const checker = new SequenceChecker(10, 2);
  for (const [sender, sequence] of messages) checker.see(sender, sequence);
  checker.finish(() => 4);
  expect(checker.faultCount).toBe(checker.faults.length);
  return checker.faults;
}

const all = (sender: number): readonly [number, number][] =>
  [0, 1, 2, 3].map((sequence) => [sender, sequence]);

test('all messages of each sender in their order are no fault, however the senders mingle', () => {
  expect(faultsOf([...all(10), ...all(11)])).toEqual([]);
  expect(faultsOf(all(10).flatMap((message, index) => [message, all(11)[index] ?? message]))).toEqual([]);
});

test.each([
  ['in the middle', [0, 2, 3]],
  ['at the end', [0, 1, 2]],
  ['at the beginning', [1, 2, 3]],
])('a message lost %s is found', (_, sequences) => {
  const faults = faultsOf([...sequences.map((sequence) => [10, sequence] as const), ...all(11)]);
  expect(faults).toEqual([expect.stringMatching(/^1 of 4 messages of sender 10 .* lost$/)]);
});

test('a doubled message is found, at once and later', () => {
  const once = [...all(10), ...all(11)];
  expect(faultsOf([[10, 0], ...once])).toEqual([
    expect.stringMatching(/^message 0 of sender 10 .* doubled$/),
  ]);
  expect(faultsOf([...once, [11, 1]])).toEqual([
    expect.stringMatching(/^message 1 of sender 11 .* doubled$/),
  ]);
});

test('two messages in the wrong order are found, and are not lost', () => {
  const swapped = [0, 2, 1, 3].map((sequence) => [10, sequence] as const);
  expect(faultsOf([...swapped, ...all(11)])).toEqual([
    expect.stringMatching(/^message 1 of sender 10 came after 2: reordered$/),
  ]);
});

test('a message that comes late is doubled if it comes again', () => {
  const late = [0, 2, 1, 1, 3].map((sequence) => [10, sequence] as const);
  expect(faultsOf([...late, ...all(11)])).toEqual([
    expect.stringMatching(/reordered$/),
    expect.stringMatching(/doubled$/),
  ]);
});

test('a message of a foreign sender is found', () => {
  expect(faultsOf([...all(10), ...all(11), [12, 0]])).toEqual([
    expect.stringMatching(/sender 12 .* somebody else$/),
  ]);
});

test('what a receiver sent itself need not come', () => {
  const checker = new SequenceChecker(10, 2);
  for (const [sender, sequence] of all(11)) checker.see(sender, sequence);
  checker.finish(() => 4, 10);
  expect(checker.faults).toEqual([]);
});

test('of many faults some are described and all are counted', () => {
  const checker = new SequenceChecker(0, 1);
  for (let index = 0; index < 100; index++) checker.see(0, 0);
  expect(checker.faultCount).toBe(99);
  expect(checker.faults.length).toBeLessThan(10);
});
