/**
 * What a dialect's frames and their fields mean, as data: what `dragoman explain` reads. Each dialect writes its
 * own; the engine is in explain.ts.
 */

/** Who sends a frame. */
export type Sender = 'client' | 'server';

/** A value by which frames are told apart. */
export type Mark = string | number | boolean | null;

/** Something about the value at a path; the empty path is the whole frame. Null counts as absent. */
export type Condition =
  | { readonly path: string; readonly is: readonly Mark[] }
  | { readonly path: string; readonly startsWith: string }
  | { readonly path: string; readonly startsNotWith: string }
  | { readonly path: string; readonly present: boolean };

/**
 * One field. `path` is dotted: `data.fromId`, `headers.destination`; `data.items[]` stands for each item of an
 * array, `headers.*` for each key that is not named.
 */
export interface FieldReference {
  readonly path: string;
  /** What it says, with the unit and the limits of a number, and what the gateway does with it. */
  readonly meaning: string;
  /**
   * Whether it must be there, by the source or because a frame without it is refused; a condition: only where that
   * holds. A field below another one is required only where the other one is there.
   */
  readonly required: boolean | Condition;
  /** The clause of the source that it comes from, or that it is ours. */
  readonly clause: string;
  /** The canonical field that it becomes or is written from, as `send_message.content`; null: none. */
  readonly becomes: string | null;
  /** An enumeration: each value, as text, and what it means. */
  readonly values?: Readonly<Record<string, string>>;
  /** What values besides `values` mean; without it there are none. */
  readonly otherValues?: string;
  /** An empty text is a value here, and not the same as nothing. */
  readonly mayBeEmpty?: true;
  /** Whatever is below it belongs to it and needs no explanation of its own. */
  readonly anythingBelow?: true;
}

export interface FrameReference {
  readonly name: string;
  readonly direction: Sender | 'both';
  /** A frame is of this kind if all of these hold. */
  readonly when: readonly Condition[];
  /** Only what is of no other kind, whoever sends that, is of this one. */
  readonly otherwise?: true;
  /** One sentence. */
  readonly meaning: string;
  readonly clause: string;
  readonly fields: readonly FieldReference[];
}

export interface DialectReference {
  /** The document that clauses are cited from. */
  readonly source: string;
  /** Paths whose values name the kind of a frame: shown where no frame fits. */
  readonly toldBy: readonly string[];
  readonly frames: readonly FrameReference[];
  /** Cuts a paste into frames. Never throws. */
  readonly cut: (text: string) => readonly string[];
  /**
   * A frame as plain data, for the paths to lead through.
   *
   * @throws GatewayError if the text is no frame at all; its detail says why
   */
  readonly read: (wire: string) => unknown;
}

/** A field as it is written down; `clause` is the frame's where it is left out. */
export type FieldNote = Omit<FieldReference, 'clause'> & { readonly clause?: string };
type Details = Omit<FieldNote, 'path' | 'meaning' | 'required' | 'becomes'> & { readonly becomes?: string };

/** A field that a frame can't do without. */
export const must = (path: string, meaning: string, details: Details = {}): FieldNote => ({
  becomes: null,
  ...details,
  path,
  meaning,
  required: true,
});

/** A field that may be left out. */
export const may = (path: string, meaning: string, details: Details = {}): FieldNote => ({
  ...must(path, meaning, details),
  required: false,
});

/** A field that a frame can't do without where the condition holds. */
export const mustIf = (
  condition: Condition,
  path: string,
  { meaning, ...details }: Details & { readonly meaning: string },
): FieldNote => ({ ...must(path, meaning, details), required: condition });

/** A kind of frame; fields without a clause have the frame's. */
export const frame = ({
  fields = [],
  ...reference
}: Omit<FrameReference, 'fields'> & { readonly fields?: readonly FieldNote[] }): FrameReference => ({
  ...reference,
  fields: fields.map((field) => ({ clause: reference.clause, ...field })),
});

/**
 * The same fields at another place: `path` is put before their paths, `becomes` before what they become. A field
 * whose path begins with `[]` stands for items.
 */
export const within = (
  path: string,
  becomes: string | null,
  fields: readonly FieldNote[],
): readonly FieldNote[] =>
  fields.map((field) => ({
    ...field,
    path: field.path.startsWith('[]') ? `${path}${field.path}` : `${path}.${field.path}`,
    becomes: becomes === null || field.becomes === null ? null : `${becomes}.${field.becomes}`,
  }));
