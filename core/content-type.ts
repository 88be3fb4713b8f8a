/** Content types: of any letter case on the wire, lower-case in the model. A client's own spelling is kept for others of its dialect. */
import type { Extensions } from '../schemas/model.ts';

export interface ReadContentType {
  readonly contentType: string;
  /** The wire's spelling, where it differs. */
  readonly extensions?: Extensions;
}

export interface ContentTypes {
  /** The wire's optional field for the model: absent or empty means `text`. */
  read(field: string | null | undefined): ReadContentType;
  /** The model's for the wire: as its author wrote it, if that was in this dialect. */
  write(contentType: string, extensions: Extensions | undefined): string;
}

const TEXT: ReadContentType = Object.freeze({ contentType: 'text' });

/** Reads and writes for the dialect of this id, under which the spelling is kept in `extensions`. */
export const contentTypesOf = (dialect: string): ContentTypes => ({
  read(field) {
    if (!field || field === 'text') return TEXT;
    const contentType = field.toLowerCase();
    // Lower case may be longer than what it came from (U+0130), and the model's field has a limit.
    if (contentType === field || contentType.length !== field.length) return { contentType: field };
    return { contentType, extensions: { [dialect]: { contentType: field } } };
  },
  write(contentType, extensions) {
    const written = extensions?.[dialect]?.contentType;
    return typeof written === 'string' && written.toLowerCase() === contentType ? written : contentType;
  },
});
