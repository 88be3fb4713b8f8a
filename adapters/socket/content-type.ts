/** Content types, and what is told in other dialects only. */
import { contentTypesOf } from '../../core/content-type.ts';
import type { Extensions } from '../../schemas/model.ts';

export const { read: readContentType, write: writeContentType } = contentTypesOf('socket');

/** Whether there are fields that only another dialect could say. */
export const hasForeignFields = (extensions: Extensions | undefined): boolean =>
  extensions !== undefined && Object.keys(extensions).some((dialect) => dialect !== 'socket');
