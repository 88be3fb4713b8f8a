/** Reads of a PromQL expression which metrics and labels it names. No more of the language than our files use. */

export interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

export interface Expression {
  readonly selectors: readonly Selector[];
  /** Labels of `by (…)`, and those of `label_values`. */
  readonly grouping: readonly string[];
}

const FUNCTIONS = new Set([
  'rate',
  'increase',
  'sum',
  'max',
  'min',
  'avg',
  'count',
  'topk',
  'histogram_quantile',
  'clamp_min',
  'changes',
  'time',
  'absent',
]);
const OPERATORS = new Set(['and', 'or', 'unless', 'bool', 'by', 'on', 'ignoring', 'offset']);
const AGGREGATED = new Set(['by', 'on', 'ignoring']);

const TOKEN =
  /\s+|"(?:[^"\\]|\\.)*"|\[[^\]]*\]|\$\w+|\d+(?:\.\d+)?(?:e-?\d+)?[smhd]?|[a-zA-Z_:][\w:]*|=~|!~|!=|==|>=|<=|[-+*/%(){},=<>]/y;

function tokensOf(text: string): readonly string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const [token] = TOKEN.exec(text) ?? [];
    if (token === undefined) throw new Error(`not PromQL at ${at}: ${text}`);
    if (token.trim() !== '') tokens.push(token);
  }
  return tokens;
}

const isWord = (token: string | undefined): token is string =>
  token !== undefined && /^[a-zA-Z_:]/.test(token);

/** @throws Error on what is none of ours: an unknown function, brackets that do not match */
export function readExpression(text: string): Expression {
  const tokens = tokensOf(text);
  checkBrackets(tokens, text);
  const selectors: Selector[] = [];
  const grouping: string[] = [];
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index] as string;
    if (!isWord(token)) continue;
    if (AGGREGATED.has(token)) {
      const end = tokens.indexOf(')', index);
      grouping.push(...tokens.slice(index + 1, end).filter(isWord));
      index = end;
    } else if (OPERATORS.has(token)) {
    } else if (tokens[index + 1] === '(' || AGGREGATED.has(tokens[index + 1] ?? '')) {
      if (!FUNCTIONS.has(token)) throw new Error(`unknown function ${token}: ${text}`);
    } else {
      const end = tokens[index + 1] === '{' ? tokens.indexOf('}', index) : index;
      const labels = tokens
        .slice(index + 1, end)
        .filter((part, at, all) => isWord(part) && /^[=!]/.test(all[at + 1] ?? ''));
      selectors.push({ metric: token, labels });
      index = end;
    }
  }
  return { selectors, grouping };
}

function checkBrackets(tokens: readonly string[], text: string): void {
  const open: string[] = [];
  for (const token of tokens) {
    if (token === '(' || token === '{') open.push(token === '(' ? ')' : '}');
    else if ((token === ')' || token === '}') && open.pop() !== token) open.push('?');
  }
  if (open.length > 0) throw new Error(`brackets do not match: ${text}`);
}

/** `label_values(metric, label)` of a dashboard's variable. */
export function readVariable(query: string): Expression {
  const [, metric, label] = /^label_values\((\w+), *(\w+)\)$/.exec(query) ?? [];
  if (metric === undefined || label === undefined) throw new Error(`not a query of ours: ${query}`);
  return { selectors: [{ metric, labels: [label] }], grouping: [] };
}
