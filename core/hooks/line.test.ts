import { expect, it } from 'vitest';
import { Line } from './line.ts';

it('runs in the order of the places, whatever is ready first', () => {
  const line = new Line(() => {});
  const ran: number[] = [];
  const places = [0, 1, 2, 3].map(() => line.join());
  for (const index of [2, 3, 0, 1]) {
    const place = places[index];
    if (place !== undefined) line.ready(place, () => ran.push(index));
  }
  expect(ran).toEqual([0, 1, 2, 3]);
  expect(line.isEmpty).toBe(true);
});

it('puts what is said while something runs behind what waits', () => {
  const line = new Line(() => {});
  const ran: string[] = [];
  const first = line.join();
  const second = line.join();
  line.ready(second, () => ran.push('second'));
  line.ready(first, () => {
    line.ready(line.join(), () => ran.push('third'));
    ran.push('first');
  });
  expect(ran).toEqual(['first', 'second', 'third']);
});

it('goes on after something that throws', () => {
  const faults: unknown[] = [];
  const line = new Line((error) => faults.push(error));
  const ran: string[] = [];
  const first = line.join();
  const second = line.join();
  line.ready(second, () => ran.push('second'));
  line.ready(first, () => {
    throw new Error('broken');
  });
  expect(ran).toEqual(['second']);
  expect(faults).toEqual([new Error('broken')]);
});
