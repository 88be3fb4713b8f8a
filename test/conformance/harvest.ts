/** What a dialect's vectors are made of, for the properties to build on. */
import type { WireMessage } from '../../core/dialect.ts';
import type { DialectVectors, FaceName } from '../../core/dialect-vectors.ts';
import type { Names } from '../support/arbitraries.ts';

/** Every wire message that the vectors give to a face. */
export function wireOf(vectors: DialectVectors, side: FaceName): readonly WireMessage[] {
  const ofFace = <Vector extends { readonly face: FaceName }>(list: readonly Vector[]) =>
    list.filter(({ face }) => face === side);
  const given = ofFace(vectors.conversations).flatMap(({ steps }) =>
    steps.flatMap(([input]) => ('wire' in input ? [input.wire] : [])),
  );
  const read = [...ofFace(vectors.accept), ...ofFace(vectors.reject)].flatMap(({ wire }) => wire);
  return [...new Set([...given, ...read])];
}

/** Every value that the vectors deliver to a face. */
export function deliveredIn(vectors: DialectVectors, side: FaceName): readonly unknown[] {
  return vectors.conversations
    .filter(({ face }) => face === side)
    .flatMap(({ steps }) => steps.flatMap(([input]) => ('deliver' in input ? [input.deliver] : [])));
}

type Fields = Readonly<Record<string, unknown>>;

/** Users and groups whom the vectors name. */
export function namesIn(vectors: DialectVectors): Names {
  const users = new Set<string>();
  const groups = new Set<string>();
  const note = (names: Set<string>, id: unknown) => {
    if (typeof id === 'string' && id.length > 0) names.add(id);
  };
  const visit = (value: unknown, key: string): void => {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
    const fields = value as Fields;
    if (key === 'user' || key === 'from') note(users, fields.id);
    if (key === 'group') note(groups, fields.id);
    if (fields.type === 'user' || fields.type === 'group')
      note(fields.type === 'user' ? users : groups, fields.id);
    for (const [name, field] of Object.entries(fields)) visit(field, name);
  };
  for (const { steps } of vectors.conversations) visit(steps, '');
  return { users: [...users], groups: [...groups] };
}
