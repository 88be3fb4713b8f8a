/** The optional field of a message: absent or empty means `text` [source, table of `message`]. */
import { contentTypesOf } from '../../core/content-type.ts';

export const { read: readContentType, write: writeContentType } = contentTypesOf('json');
