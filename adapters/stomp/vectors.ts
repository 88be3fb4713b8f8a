/** The test vectors of this dialect; every shared suite runs them. */
import type { DialectVectors } from '../../core/dialect-vectors.ts';
import { brokerConversations } from './vectors/broker.ts';
import { chatConversations } from './vectors/chat.ts';
import { accept, reject } from './vectors/codec.ts';
import { loginConversations } from './vectors/login.ts';

export const vectors: DialectVectors = {
  accept,
  reject,
  conversations: [...loginConversations, ...chatConversations, ...brokerConversations],
};
