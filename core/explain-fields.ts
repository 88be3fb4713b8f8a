/** The fields of one frame, matched with what its reference says of them. */
import type { Condition, FieldReference, FrameReference } from './reference.ts';

/** A field of a frame, or one that should be there. */
export type Row =
  | {
      readonly state: 'known';
      /** The path in this frame: an item of an array has its number, as in `data.users[0].id`. */
      readonly path: string;
      readonly value: unknown;
      readonly field: FieldReference;
      /** What this value of an enumeration means. */
      readonly valueMeaning?: string;
    }
  /** In the reference, but it can't have this value. */
  | {
      readonly state: 'wrong';
      readonly path: string;
      readonly value: unknown;
      readonly field?: FieldReference;
      readonly fault: string;
    }
  /** Not in the reference. */
  | { readonly state: 'unknown'; readonly path: string; readonly value: unknown }
  /** Required and not there, or empty. */
  | { readonly state: 'missing'; readonly path: string; readonly field: FieldReference };

/** Whether a condition holds for a frame. */
export function holds(condition: Condition, value: unknown): boolean {
  const found = valueAt(condition.path, value);
  if ('present' in condition) return (found !== undefined && found !== null) === condition.present;
  if ('is' in condition) return condition.is.some((mark) => mark === found);
  if (typeof found !== 'string') return false;
  return 'startsWith' in condition
    ? found.startsWith(condition.startsWith)
    : !found.startsWith(condition.startsNotWith);
}

/** The value at a path that leads through objects only. */
export function valueAt(path: string, value: unknown): unknown {
  if (path === '') return value;
  let found = value;
  for (const key of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[key];
  }
  return found;
}

/** The paths of a frame's reference as a tree, so that a key with a dot in it can't be taken for a path. */
interface Node {
  field?: FieldReference;
  readonly keys: Map<string, Node>;
  items?: Node;
}

const newNode = (): Node => ({ keys: new Map() });

function childOf(node: Node, key: string): Node {
  const known = node.keys.get(key);
  if (known !== undefined) return known;
  const made = newNode();
  node.keys.set(key, made);
  return made;
}

function treeOf(fields: readonly FieldReference[]): Node {
  const root = newNode();
  for (const field of fields) {
    let node = root;
    for (const part of field.path.split('.')) {
      const isItems = part.endsWith('[]');
      node = childOf(node, isItems ? part.slice(0, -2) : part);
      if (!isItems) continue;
      node.items ??= newNode();
      node = node.items;
    }
    node.field = field;
  }
  return root;
}

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every field of a frame, in its order, and after the fields beside them those that are missing. */
export function rowsOf(frame: FrameReference, value: unknown): readonly Row[] {
  return isObject(value) ? objectRows(treeOf(frame.fields), value, { path: '', frame: value }) : [];
}

/** Where we are, and the whole frame, which conditions are about. */
interface Place {
  readonly path: string;
  readonly frame: Fields;
}

const below = ({ path, frame }: Place, key: string): Place => ({
  path: path === '' ? key : `${path}.${key}`,
  frame,
});

function objectRows(node: Node, fields: Fields, place: Place): readonly Row[] {
  const rows = Object.entries(fields).flatMap(([key, value]): readonly Row[] => {
    const child = node.keys.get(key) ?? node.keys.get('*');
    if (child !== undefined) return nodeRows(child, value, below(place, key));
    if (node.field?.anythingBelow === true) return [];
    return [{ state: 'unknown', path: below(place, key).path, value }];
  });
  const missing = [...node.keys].flatMap(([key, child]) =>
    missingRows(child, Object.hasOwn(fields, key) ? fields[key] : undefined, below(place, key)),
  );
  return [...rows, ...missing];
}

/** A value and what is below it. A node without a field of its own is only the way to others. */
function nodeRows(node: Node, value: unknown, place: Place): readonly Row[] {
  const { field } = node;
  const isWay = node.keys.size > 0 || node.items !== undefined;
  const own = field === undefined ? [] : isMissing(field, value, place) ? [] : [rowOf(field, value, place)];
  if (!isWay) return own;
  if (Array.isArray(value)) return [...own, ...itemRows(node, value, place)];
  if (isObject(value)) return [...own, ...objectRows(node, value, place)];
  if (field !== undefined || value === null) return own;
  return [{ state: 'wrong', path: place.path, value, fault: 'an object is expected here' }];
}

function itemRows({ items }: Node, values: readonly unknown[], place: Place): readonly Row[] {
  if (items === undefined) return [];
  return values.flatMap((value, index) =>
    nodeRows(items, value, { path: `${place.path}[${index}]`, frame: place.frame }),
  );
}

function rowOf(field: FieldReference, value: unknown, { path }: Place): Row {
  const { values, otherValues } = field;
  if (values === undefined || (typeof value === 'object' && value !== null))
    return { state: 'known', path, value, field };
  const text = String(value);
  const valueMeaning = Object.hasOwn(values, text) ? values[text] : otherValues;
  if (valueMeaning !== undefined) return { state: 'known', path, value, field, valueMeaning };
  if (value === null || value === '') return { state: 'known', path, value, field };
  return { state: 'wrong', path, value, field, fault: `none of: ${Object.keys(values).join(', ')}` };
}

function isMissing({ required, mayBeEmpty }: FieldReference, value: unknown, place: Place): boolean {
  if (required === false) return false;
  if (required !== true && !holds(required, place.frame)) return false;
  return value === undefined || value === null || (value === '' && mayBeEmpty !== true);
}

/** What should be at a place, or below it if it is only the way to others. */
function missingRows(node: Node, value: unknown, place: Place): readonly Row[] {
  const { field } = node;
  if (field !== undefined)
    return isMissing(field, value, place) ? [{ state: 'missing', path: place.path, field }] : [];
  if (value !== undefined && value !== null) return [];
  return [...node.keys].flatMap(([key, child]) => missingRows(child, undefined, below(place, key)));
}
