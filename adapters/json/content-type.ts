/** The content type on the wire, which has any letter case, and in the model, which is lower-case. */
import type { Extensions } from '../../schemas/model.ts';

/** `written` is the wire's own spelling where it differs: it is kept in `extensions` and read back from there. */
export interface ContentType {
  readonly contentType: string;
  readonly written: string | undefined;
}

const TEXT: ContentType = { contentType: 'text', written: undefined };

/** Reads the optional field: absent or empty means `text` [source, table of `message`]. */
export function readContentType(field: string | null | undefined): ContentType {
  if (!field || field === 'text') return TEXT;
  const contentType = field.toLowerCase();
  // Lower case may be longer than what it came from (U+0130), and the model's field has a limit.
  if (contentType === field || contentType.length !== field.length) {
    return { contentType: field, written: undefined };
  }
  return { contentType, written: field };
}

/** The content type as this dialect's own clients wrote it, else the model's. */
export function writeContentType(contentType: string, extensions: Extensions | undefined): string {
  const written = extensions?.json?.contentType;
  return typeof written === 'string' && written.toLowerCase() === contentType ? written : contentType;
}

/** The extension that keeps the spelling, or nothing to add. */
export const keepWritten = ({ written }: ContentType): { readonly extensions: Extensions } | undefined =>
  written === undefined ? undefined : { extensions: { json: { contentType: written } } };
