import { describe, expect, it } from 'vitest';
import { Losses, redacted } from './losses.ts';
import { EndpointMetrics, Tally } from './metrics.ts';

describe('losses', () => {
  it('are counted for as many as did without, with one example of what they had in common', () => {
    const losses = new Losses();
    losses.count('message', ['replyTo', 'attachment'], { replyTo: 'm-1' }, 40);
    losses.count('message', ['replyTo'], { replyTo: 'm-2' });
    expect(losses.countOf('message', 'replyTo')).toBe(41);
    expect(losses.countOf('message', 'attachment')).toBe(40);
    const [first] = [...losses.all()];
    expect(first?.examples).toHaveLength(2);
  });

  it('that nobody had leave no trace', () => {
    const losses = new Losses();
    losses.count('message', ['replyTo'], { replyTo: 'm-1' }, 0);
    expect([...losses.all()]).toEqual([]);
  });

  it('of more kinds than are kept apart are still counted', () => {
    const losses = new Losses();
    for (let kind = 0; kind < 600; kind++) losses.count(`type-${kind}`, ['a'], undefined, 2);
    const all = [...losses.all()];
    expect(all.reduce((sum, { count }) => sum + count, 0)).toBe(1200);
    expect(losses.countOf('other', 'other')).toBe(200);
  });

  it('show the shape of a value and nothing of what it says', () => {
    const shape = redacted({ type: 'message', content: 'secret words', sequence: 7, tags: ['a', 'b'] });
    expect(JSON.stringify(shape)).not.toMatch(/secret|7/);
    expect(shape).toMatchObject({ type: 'message', content: '‹12 characters›', sequence: '‹number›' });
  });
});

describe('a tally', () => {
  it('comes to the same whether it is told of each or of many at once', () => {
    const [one, many] = [new Tally(), new Tally()];
    for (const key of ['a', 'a', 'a', 'b', 'a', 'a']) one.add(key);
    many.add('a', 3);
    many.add('b');
    many.add('a', 2);
    many.add('c', 0);
    expect([...many]).toEqual([...one]);
    expect([many.get('a'), many.get('b'), many.get('c')]).toEqual([5, 1, 0]);
  });
});

it('an endpoint counts a loss for each recipient', () => {
  const metrics = new EndpointMetrics();
  metrics.countLoss('message', ['sentAt'], undefined, 3);
  metrics.countLoss('message', ['sentAt']);
  expect(metrics.losses.countOf('message', 'sentAt')).toBe(4);
});
