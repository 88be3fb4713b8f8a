/** What became of a value: field by field, what was sent against what arrived. */

export type Fate = 'kept' | 'changed' | 'lost';

/** By path: `message.from.avatar`, `online[].name`. `*`: nothing arrived at all. */
export type Fates = Readonly<Record<string, Fate>>;

export const NOTHING_ARRIVED: Fates = Object.freeze({ '*': 'lost' });

type Leaf = readonly [path: string, value: unknown];

/** Fields that are one thing, whatever is in them. */
const WHOLE: ReadonlySet<string> = new Set(['extensions', 'headers', 'body']);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);

/** Every field that is no record of fields itself; `type` is said apart. Items of a list have their number in the path. */
function* leaves(value: unknown, path: string, name: string): Generator<Leaf> {
  const opens = !WHOLE.has(name);
  if (opens && isRecord(value)) {
    for (const [key, field] of Object.entries(value)) {
      if (path === '' && key === 'type') continue;
      yield* leaves(field, path === '' ? key : `${path}.${key}`, key);
    }
  } else if (opens && Array.isArray(value) && value.length > 0) {
    for (const [index, item] of value.entries()) yield* leaves(item, `${path}[${index}]`, '');
  } else {
    yield [path, value];
  }
}

const written = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    part instanceof Uint8Array ? { bytes: [...part] } : part,
  ) ?? 'undefined';

const ORDER: readonly Fate[] = ['kept', 'changed', 'lost'];

/** The worse of two. */
export const worse = (one: Fate | undefined, other: Fate): Fate =>
  one === undefined || ORDER.indexOf(other) > ORDER.indexOf(one) ? other : one;

/** Items of a list are told together. */
const generic = (path: string): string => path.replace(/\[\d+\]/g, '[]');

interface Typed {
  readonly type: string;
}

/**
 * Compares. A dialect whose clients make ids shows the author's own id where there is one, else the gateway's:
 * whichever of the two stands in either place, the author's own is kept if it is the one that is shown.
 *
 * Where another type arrived, a text is kept if it stands anywhere in it: a join that arrives as a subscription
 * names the group in another field.
 */
export function fatesOf(sent: Typed, arrived: Typed): Fates {
  const there = new Map(leaves(arrived, '', ''));
  const anywhere = arrived.type === sent.type ? undefined : new Set(there.values());
  const fates: Record<string, Fate> = {};
  if (anywhere !== undefined) fates.type = 'changed';
  for (const [path, value] of leaves(sent, '', '')) {
    // Which kind of thing an id names, the other type says by itself.
    if (anywhere !== undefined && path.endsWith('.type')) continue;
    const fate = fateOf(value, there.get(path), anywhere);
    fates[generic(path)] = worse(fates[generic(path)], fate);
  }
  const shown = shownId(sent);
  if (shown !== undefined && shownId(arrived)?.value === shown.value) fates[shown.path] = 'kept';
  return fates;
}

function fateOf(sent: unknown, arrived: unknown, anywhere: ReadonlySet<unknown> | undefined): Fate {
  if (arrived !== undefined && written(sent) === written(arrived)) return 'kept';
  if (typeof sent === 'string' && anywhere?.has(sent) === true) return 'kept';
  return arrived === undefined ? 'lost' : 'changed';
}

/** The id by which clients know a message, and the field that it is kept in. */
function shownId(value: Typed): { readonly path: string; readonly value: unknown } | undefined {
  const { message, clientId } = value as { readonly message?: unknown; readonly clientId?: unknown };
  if (value.type === 'message' && isRecord(message)) {
    return { path: 'message.clientId', value: message.clientId ?? message.id };
  }
  return value.type === 'message_revoked' ? { path: 'clientId', value: clientId ?? message } : undefined;
}

/** Adds what a face itself calls lost; it names fields from the value or, shorter, from the message in it. */
export function withDeclared(fates: Fates, declared: readonly string[]): Fates {
  const all: Record<string, Fate> = { ...fates };
  for (const field of declared) {
    if (field === '*') continue;
    const paths = pathsOf(field, Object.keys(fates));
    for (const path of paths.length > 0 ? paths : [field]) all[path] = 'lost';
  }
  return all;
}

function pathsOf(field: string, known: readonly string[]): readonly string[] {
  for (const prefix of ['', 'message.', 'items[].']) {
    const path = prefix + field;
    const found = known.filter(
      (each) => each === path || each.startsWith(`${path}.`) || each.startsWith(`${path}[`),
    );
    if (found.length > 0) return found;
  }
  return [];
}

/** The gateway's own numbers, by type and path: its ids, where the author's own stands for them on a wire. */
const OWN_NUMBERS: ReadonlySet<string> = new Set([
  'message message.id',
  'message_revoked message',
  'relayed id',
]);
const OWN_FIELDS: ReadonlySet<string> = new Set(['origin', 'sequence', 'extensions', 'claimedSender']);

/**
 * Whether no wire can be blamed: the gateway's own ids, the place in its log, its connection, who the sender is (the
 * login says it), and what belongs to one dialect by definition. Nobody who uses a client misses them.
 */
export const isBookkeeping = (type: string, path: string): boolean =>
  OWN_NUMBERS.has(`${type} ${path}`) || OWN_FIELDS.has(path.split('.').at(-1) ?? '');
