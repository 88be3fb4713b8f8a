/** Reads a Containerfile: its stages and their instructions. No more of the format than ours uses. */

export interface Instruction {
  /** Upper case. */
  readonly name: string;
  readonly text: string;
}

export interface Stage {
  readonly base: string;
  /** Undefined: the last one, which nobody copies from. */
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

export interface Copy {
  /** A stage; undefined: the build context. */
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

/** @throws Error on a line that is no instruction, or one before the first FROM */
export function readContainerfile(text: string): readonly Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: { base: string; name: string | undefined; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, name = '', rest = ''] = /^([A-Z]+) +(.+)$/.exec(line) ?? [];
    if (name === 'FROM') {
      const [base = '', as, stage] = rest.split(/ +/);
      stages.push({ base, name: as === 'AS' ? stage : undefined, instructions: [] });
      continue;
    }
    const current = stages.at(-1);
    if (name === '' || current === undefined) throw new Error(`not understood: ${line}`);
    current.instructions.push({ name, text: rest });
  }
  return stages;
}

/** The texts of the instructions of a name. */
export const textsOf = (stage: Stage, name: string): readonly string[] =>
  stage.instructions.filter((instruction) => instruction.name === name).map(({ text }) => text);

export function copyOf(text: string): Copy {
  const words = text.split(/ +/);
  const from = words[0]?.startsWith('--from=') === true ? words.shift()?.slice('--from='.length) : undefined;
  return { from, sources: words.slice(0, -1), target: words.at(-1) ?? '' };
}

/** A command in the exec form, a JSON array: no shell stands between it and its signals. @throws in any other form */
export function execForm(text: string): readonly string[] {
  const words: unknown = JSON.parse(text);
  if (!Array.isArray(words) || !words.every((word) => typeof word === 'string')) throw new Error(text);
  return words;
}

/** `ENV a=b c=d` */
export const variablesOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(text.split(/ +/).map((pair) => pair.split('=', 2) as [string, string]));
