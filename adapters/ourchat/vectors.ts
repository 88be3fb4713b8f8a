/** Test vectors of this dialect; every shared suite runs them. */
import type { DialectVectors } from '../../core/dialect-vectors.ts';
import { clientConversations } from './vectors-client.ts';
import { lifecycleConversations } from './vectors-lifecycle.ts';
import { ourchat2Vectors } from './vectors-ourchat-2.ts';
import { serverConversations } from './vectors-server.ts';
import { accept, reject } from './vectors-wire.ts';

export const vectors: DialectVectors = {
  accept: [...accept, ...ourchat2Vectors.accept],
  reject: [...reject, ...ourchat2Vectors.reject],
  conversations: [
    ...lifecycleConversations,
    ...serverConversations,
    ...clientConversations,
    ...ourchat2Vectors.conversations,
  ],
};
