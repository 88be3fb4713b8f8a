/**
 * A YAML text as a tree that knows the position of every key and value, its aliases resolved and its
 * scalars filled in from the environment.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { formatPath, type PathKey, type Problem } from './problem.ts';
import { type Environment, substitute } from './substitute.ts';

/** Deepest nesting of the file. */
const MAX_DEPTH = 64;
/** Aliases resolved, those inside of what another alias stands for included. */
const MAX_ALIASES = 100;
/** Keys and values, aliases resolved. */
const MAX_NODES = 200_000;

const TOO_DEEP = 'it is nested too deep';

export interface SourceNode {
  /** Offset of the key that the value stands under, if it has one. */
  readonly key: number | undefined;
  /** Offset of the value. */
  readonly at: number;
  readonly content:
    | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, SourceNode> }
    | { readonly kind: 'list'; readonly items: readonly SourceNode[] }
    | ScalarContent;
}

export interface ScalarContent {
  readonly kind: 'scalar';
  value: unknown;
  /** The value comes from the environment: it may be a secret, and its type is open. */
  readonly substituted: boolean;
  /** The value could not be made: a problem says so already. */
  readonly broken: boolean;
}

export interface Source {
  /** Absent if the text is no YAML. */
  readonly root: SourceNode | undefined;
  readonly problems: readonly Problem[];
  problemAt(offset: number, path: readonly PathKey[], message: string): Problem;
}

/** Reads a text. Never throws: what is wrong is in `problems`. */
export function readSource(text: string, file: string, environment: Environment): Source {
  const lines = new LineCounter();
  const problems: Problem[] = [];
  const problemAt = (offset: number, path: readonly PathKey[], message: string): Problem => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, path: formatPath(path), message };
  };
  const syntax = (offset: number, message: string): Source => {
    problems.push(problemAt(offset, [], message));
    return { root: undefined, problems, problemAt };
  };

  let document: Document.Parsed;
  try {
    document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false,
      schema: 'core',
      version: '1.2',
      logLevel: 'error',
    });
  } catch {
    return syntax(0, `not valid YAML: ${TOO_DEEP}`);
  }
  for (const fault of [...document.errors, ...document.warnings]) {
    problems.push(problemAt(fault.pos[0], [], `not valid YAML: ${yamlFault(fault.code, fault.message)}`));
  }
  if (problems.length > 0) return { root: undefined, problems, problemAt };

  const reader = new Reader(document, environment, (offset, path, message) => {
    problems.push(problemAt(offset, path, message));
  });
  const root = reader.read(document.contents, { path: [], key: undefined, fallback: 0 });
  return { root: reader.aborted ? undefined : root, problems, problemAt };
}

function yamlFault(code: string, message: string): string {
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here; one file is one document';
  if (code === 'NON_STRING_KEY') return 'a key must be text';
  // The parser runs into the limit of the stack, and says so.
  if (message.includes('call stack')) return TOO_DEEP;
  const [first = message] = message.split('\n');
  return first;
}

interface Place {
  readonly path: readonly PathKey[];
  readonly key: number | undefined;
  /** Where an empty value is reported. */
  readonly fallback: number;
}

class Reader {
  /** The file is hostile or hopeless: the tree is not whole. */
  aborted = false;
  readonly #document: Document.Parsed;
  readonly #environment: Environment;
  readonly #report: (offset: number, path: readonly PathKey[], message: string) => void;
  /** What is being read: an alias of one of these refers to itself. */
  readonly #open = new Set<Node>();
  #aliases = 0;
  #nodes = 0;

  constructor(
    document: Document.Parsed,
    environment: Environment,
    report: (offset: number, path: readonly PathKey[], message: string) => void,
  ) {
    this.#document = document;
    this.#environment = environment;
    this.#report = report;
  }

  read(node: Node | null, place: Place): SourceNode {
    const { key } = place;
    const at = node?.range?.[0] ?? place.fallback;
    this.#nodes++;
    if (this.#nodes > MAX_NODES) this.#abort(at, place, `the file has more than ${MAX_NODES} values`);
    if (place.path.length > MAX_DEPTH) this.#abort(at, place, `is nested deeper than ${MAX_DEPTH} levels`);
    if (this.aborted) return { key, at, content: EMPTY };
    if (isAlias(node)) return this.#alias(node, { ...place, fallback: at });
    if (node === null || isScalar(node)) {
      return { key, at, content: this.#scalar(node === null ? null : node.value, at, place) };
    }
    this.#open.add(node);
    const content = isMap(node)
      ? this.#map(node as YAMLMap<unknown, unknown>, place)
      : isSeq(node)
        ? this.#list(node as YAMLSeq<unknown>, place, at)
        : EMPTY;
    this.#open.delete(node);
    return { key, at, content };
  }

  /** What an alias stands for, at the place of the alias. */
  #alias(alias: Alias, place: Place): SourceNode {
    const at = place.fallback;
    const target = ++this.#aliases > MAX_ALIASES ? undefined : alias.resolve(this.#document);
    if (this.#aliases > MAX_ALIASES) {
      this.#abort(at, place, `the file has more than ${MAX_ALIASES} aliases, counted where they are used`);
    } else if (target === undefined || this.#open.has(target)) {
      this.#abort(
        at,
        place,
        `the alias *${alias.source} refers to ${target === undefined ? 'nothing' : 'itself'}`,
      );
    }
    if (this.aborted || target === undefined) return { key: place.key, at, content: EMPTY };
    return { ...this.read(target, place), key: place.key };
  }

  #map(map: YAMLMap<unknown, unknown>, place: Place): SourceNode['content'] {
    const entries = new Map<string, SourceNode>();
    const firsts = new Map<string, number>();
    for (const pair of map.items) {
      if (!isScalar(pair.key)) continue;
      const name = String(pair.key.value);
      const key = pair.key.range?.[0] ?? place.fallback;
      const path = [...place.path, name];
      const first = firsts.get(name);
      if (name === '__proto__') this.#report(key, path, 'this key is not allowed');
      else if (name === '<<') {
        this.#report(key, path, 'merge keys are not supported; an alias may stand for a whole value only');
      } else if (first !== undefined)
        this.#report(key, path, `this key is there twice; delete one of the two`);
      else {
        firsts.set(name, key);
        const value = (pair.value ?? null) as Node | null;
        entries.set(name, this.read(value, { path, key, fallback: key }));
      }
    }
    return { kind: 'map', entries };
  }

  #list(list: YAMLSeq<unknown>, place: Place, at: number): SourceNode['content'] {
    const items = list.items.map((item, index) =>
      this.read(item as Node | null, { path: [...place.path, index], key: undefined, fallback: at }),
    );
    return { kind: 'list', items };
  }

  #scalar(value: unknown, at: number, place: Place): ScalarContent {
    if (typeof value !== 'string') return { kind: 'scalar', value, substituted: false, broken: false };
    const { text, changed, faults } = substitute(value, this.#environment);
    for (const fault of faults) this.#report(at, place.path, fault);
    return { kind: 'scalar', value: text, substituted: changed, broken: faults.length > 0 };
  }

  #abort(at: number, place: Place, message: string): void {
    if (!this.aborted) this.#report(at, place.path, message);
    this.aborted = true;
  }
}

const EMPTY: ScalarContent = Object.freeze({ kind: 'scalar', value: null, substituted: false, broken: true });

/** The tree as plain data, as `JSON.parse` would give it. */
export function plainValue(node: SourceNode): unknown {
  const { content } = node;
  switch (content.kind) {
    case 'scalar':
      return content.value;
    case 'list':
      return content.items.map(plainValue);
    case 'map':
      return Object.fromEntries([...content.entries].map(([key, value]) => [key, plainValue(value)]));
    default:
      return content satisfies never;
  }
}

/** The node at a path, or the nearest one above it; `missing` is how many of the path's keys are not there. */
export function locate(root: SourceNode, path: readonly PathKey[]): { node: SourceNode; missing: number } {
  let node = root;
  for (const [depth, key] of path.entries()) {
    const next: SourceNode | undefined =
      node.content.kind === 'map'
        ? node.content.entries.get(String(key))
        : node.content.kind === 'list' && typeof key === 'number'
          ? node.content.items[key]
          : undefined;
    if (next === undefined) return { node, missing: path.length - depth };
    node = next;
  }
  return { node, missing: 0 };
}
