/** Runs the curl commands of a document, without a shell: the words of each line are read as a shell would. */

export interface Fence {
  readonly language: string;
  readonly text: string;
}

/** The fenced blocks of a Markdown document, in order. */
export const fencesOf = (document: string): readonly Fence[] =>
  [...document.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));

/** Every command of a block, as its words. `variables` are put in where double quotes let them. */
export function commandsOf(
  text: string,
  variables: Readonly<Record<string, string>>,
): readonly (readonly string[])[] {
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) =>
      [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, plain]) => {
        if (single !== undefined) return single;
        return (double ?? plain ?? '').replaceAll(/\$([A-Z]+)/g, (_all, name: string) => {
          const value = variables[name];
          if (value === undefined) throw new Error(`the example needs $${name}`);
          return value;
        });
      }),
    );
}

/** Does what curl would do with these words. @throws Error on an option that is not known here */
export function curl([command, ...words]: readonly string[]): Promise<Response> {
  if (command !== 'curl') throw new Error(`no curl command: ${command}`);
  let method: string | undefined;
  let body: string | undefined;
  let url: string | undefined;
  const headers = new Headers();
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string;
    const next = (): string => words[++index] as string;
    if (word === '-sS') continue;
    if (word === '-X') method = next();
    else if (word === '-d') body = next();
    else if (word === '-H') {
      const [name = '', ...value] = next().split(': ');
      headers.set(name, value.join(': '));
    } else if (word.startsWith('-') || url !== undefined) throw new Error(`not known here: ${word}`);
    else url = word;
  }
  if (url === undefined) throw new Error('no URL');
  return fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers,
    ...(body === undefined ? {} : { body }),
  });
}
