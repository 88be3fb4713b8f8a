/** Test vectors of this dialect; every shared suite runs them. The wire vectors are those of the default form. */
import type { DialectVectors } from '../../core/dialect-vectors.ts';
import { clientConversations } from './vectors-client.ts';
import { lifecycleConversations } from './vectors-lifecycle.ts';
import { ourchat2Vectors } from './vectors-ourchat-2.ts';
import { serverConversations } from './vectors-server.ts';
import { accept, reject } from './vectors-wire.ts';

export const vectors: DialectVectors = {
  accept,
  reject,
  conversations: [
    ...lifecycleConversations,
    ...serverConversations,
    ...clientConversations,
    ...ourchat2Vectors.conversations,
  ],
};
