/** Two columns of wire text, 100 wide: what was sent beside what was received. */

const LEFT = 40;
const RIGHT = 57;
const WIDTH = LEFT + 3 + RIGHT;

export interface Block {
  /** Who; empty for a remark. */
  readonly title: string;
  readonly lines: readonly string[];
}

/** Characters that take two columns on a terminal: Chinese, Japanese and Korean writing, and full-width forms. */
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/;

const columnsOf = (character: string): number => (WIDE.test(character) ? 2 : 1);
/** How many columns a text takes on a terminal. */
export const columns = (text: string): number =>
  Array.from(text).reduce((sum, character) => sum + columnsOf(character), 0);

/** A wire message as lines: the NUL that ends a frame is shown as `^@`. */
export const wireLines = (wire: string): readonly string[] => wire.replaceAll('\u0000', '^@').split('\n');

/** The best place to cut before `most`: after a comma or a brace, else after a key, else anywhere. */
function cut(line: readonly string[], most: number): number {
  for (const isGood of [
    (at: number) => line[at - 1] === '{' || (line[at - 1] === ',' && line[at] !== ' '),
    (at: number) => line[at - 1] === ':' && line[at - 2] === '"',
    (at: number) => line[at - 1] !== ' ' && line[at] !== ' ' && line[at] !== ',',
  ]) {
    for (let at = most; at > most / 2; at--) if (isGood(at)) return at;
  }
  return most;
}

/** Cuts a line to pieces of at most `width` columns, at punctuation where it can, and not beside a space. */
export function wrap(line: string, width: number): readonly string[] {
  const pieces: string[] = [];
  let rest = Array.from(line);
  while (columns(rest.join('')) > width) {
    let most = 0;
    for (let used = columnsOf(rest[0] ?? ''); used <= width; used += columnsOf(rest[most] ?? '')) most++;
    const end = cut(rest, most);
    pieces.push(rest.slice(0, end).join(''));
    rest = rest.slice(end);
  }
  return [...pieces, rest.join('')];
}

const column = (blocks: readonly Block[], width: number): readonly string[] =>
  blocks.flatMap(({ title, lines }, index) => [
    ...(index === 0 ? [] : ['']),
    ...(title === '' ? [] : [title]),
    ...lines.flatMap((line) => wrap(line, width)),
  ]);

const padded = (text: string): string => text + ' '.repeat(Math.max(0, LEFT - columns(text)));

/** What was sent on the left, what was received on the right. */
export function sideBySide(left: readonly Block[], right: readonly Block[]): string {
  const sent = column(left, LEFT);
  const received = column(right, RIGHT);
  const rows = Math.max(sent.length, received.length);
  return Array.from({ length: rows }, (_, row) =>
    `${padded(sent[row] ?? '')} │ ${received[row] ?? ''}`.trimEnd(),
  ).join('\n');
}

/** A line across with a title in it. */
export const heading = (title: string): string =>
  `── ${title} ${'─'.repeat(Math.max(0, WIDTH - 4 - columns(title)))}`;

export const paragraph = (text: string): string => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && columns(line) + 1 + columns(word) > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
};
