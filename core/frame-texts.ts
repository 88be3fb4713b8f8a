/** Cutting a paste into frames, where a frame is a JSON object on one line or, as in a document, on several. */

/** An object that has not ended after so many lines is taken for a broken line, and the next line looked at again. */
const MOST_LINES = 500;

/** Each object, and each line that is no part of one. Empty lines are left out. */
export function cutObjects(text: string): readonly string[] {
  const lines = text.split(/\r?\n/);
  const frames: string[] = [];
  for (let index = 0; index < lines.length; ) {
    const count = linesOfObject(lines, index);
    const frame = lines.slice(index, index + count).join('\n');
    if (frame.trim() !== '') frames.push(frame);
    index += count;
  }
  return frames;
}

/** How many lines the object that begins here has; 1 for whatever is no object. */
function linesOfObject(lines: readonly string[], from: number): number {
  if (lines[from]?.trimStart().startsWith('{') !== true) return 1;
  const state: Scan = { depth: 0, inText: false };
  const end = Math.min(lines.length, from + MOST_LINES);
  for (let index = from; index < end; index++) {
    scan(lines[index] ?? '', state);
    // No text goes over a line's end: this line is broken, and so is everything that would be joined to it.
    if (state.inText) return 1;
    if (state.depth <= 0) return index - from + 1;
  }
  return 1;
}

interface Scan {
  depth: number;
  inText: boolean;
}

function scan(line: string, state: Scan): void {
  for (let index = 0; index < line.length; index++) {
    const character = line[index];
    if (character === '"') state.inText = !state.inText;
    else if (state.inText) index += character === '\\' ? 1 : 0;
    else if (character === '{' || character === '[') state.depth++;
    else if (character === '}' || character === ']') state.depth--;
  }
}
