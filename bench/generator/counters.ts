/** A server's counters in the text form of Prometheus. */

/** Each metric summed over its labels, and those with the label `command` also as `<name>:<command>`. */
export function parseCounters(text: string): Map<string, number> {
  const sums = new Map<string, number>();
  const add = (name: string, value: number): void => void sums.set(name, (sums.get(name) ?? 0) + value);
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = /^(dragoman_\w+)(?:\{([^}]*)\})? (\S+)/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    add(name, Number(value));
    const command = /command="([^"]*)"/.exec(labels)?.[1];
    if (command !== undefined) add(`${name}:${command}`, Number(value));
  }
  return sums;
}

export async function readCounters(url: string | undefined): Promise<Map<string, number>> {
  if (url === undefined) return new Map();
  const answer = await fetch(url);
  return parseCounters(await answer.text());
}

export function growth(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): Record<string, number> {
  return Object.fromEntries(
    [...after]
      .map(([name, value]) => [name, value - (before.get(name) ?? 0)] as const)
      .filter(([, grown]) => grown !== 0),
  );
}
