/** Content types: lower-case in the model; a client's own spelling is kept beside it, for clients of this dialect. */
import type { Extensions } from '../../schemas/model.ts';

const DEFAULT_CONTENT_TYPE = 'text';

interface ReadContentType {
  readonly contentType: string;
  readonly extensions?: Extensions;
}

/** The wire's optional field for the model. What grows in lower case (U+0130) stays as it is: the field has a limit. */
export function readContentType(field: string | null | undefined): ReadContentType {
  const written = field || DEFAULT_CONTENT_TYPE;
  const contentType = written.toLowerCase();
  return contentType === written || contentType.length !== written.length
    ? { contentType: written }
    : { contentType, extensions: { socket: { contentType: written } } };
}

/** The model's content type for the wire, as its author wrote it if that was in this dialect. */
export function writeContentType(contentType: string, extensions: Extensions | undefined): string {
  const written = extensions?.socket?.contentType;
  return typeof written === 'string' && written.toLowerCase() === contentType ? written : contentType;
}

/** Whether there are fields that only another dialect could say. */
export const hasForeignFields = (extensions: Extensions | undefined): boolean =>
  extensions !== undefined && Object.keys(extensions).some((dialect) => dialect !== 'socket');
