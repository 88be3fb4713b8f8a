/** What is wrong with a configuration file, and where. */

export type PathKey = string | number;

export interface Problem {
  readonly file: string;
  /** From 1; 0 if the problem is the file itself. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** Where in the value, e.g. `endpoints[0].auth`; empty for the whole. */
  readonly path: string;
  /** What is wrong and what is allowed. */
  readonly message: string;
}

/** `file:line:column path: message`, as editors and terminals make links of. */
export function formatProblem({ file, line, column, path, message }: Problem): string {
  const position = line === 0 ? file : `${file}:${line}:${column}`;
  return path === '' ? `${position}: ${message}` : `${position} ${path}: ${message}`;
}

/** Keys of this kind hold names or values that must not appear in a log. */
const SECRET = /secret|token|passw|passcode|bearer|hmac/i;

/** Whether a value at this path may be shown in a message. */
export function isShowable(path: readonly PathKey[]): boolean {
  return !path.some((key) => typeof key === 'string' && (SECRET.test(key) || /key/i.test(key)));
}

/** A path as one would write it in code. Names below a secret key, such as tokens, are shown as `*`. */
export function formatPath(path: readonly PathKey[]): string {
  let text = '';
  for (const [index, key] of path.entries()) {
    const parent = path[index - 1];
    const hidden = typeof key === 'string' && typeof parent === 'string' && SECRET.test(parent);
    if (typeof key === 'number') text += `[${key}]`;
    else if (hidden) text += '[*]';
    else if (/^[\w$-]{1,128}$/.test(key)) text += text === '' ? key : `.${key}`;
    else text += `[${JSON.stringify(key.slice(0, 128))}]`;
  }
  return text;
}

/** Most problems of one file that are listed. */
const MAX_PROBLEMS = 1000;

/** Sorts by position, drops what is said twice and cuts a list that nobody would read to the end. */
export function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>();
  const sorted = problems
    .filter((problem) => {
      const key = JSON.stringify(problem);
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    })
    .toSorted(
      (left, right) =>
        left.line - right.line ||
        left.column - right.column ||
        Number(left.path > right.path) - Number(left.path < right.path) ||
        Number(left.message > right.message) - Number(left.message < right.message),
    );
  const [first] = sorted;
  if (first === undefined || sorted.length <= MAX_PROBLEMS) return sorted;
  const message = `and ${sorted.length - MAX_PROBLEMS} problems more`;
  const rest: Problem = { file: first.file, line: 0, column: 0, path: '', message };
  return [...sorted.slice(0, MAX_PROBLEMS), rest];
}
