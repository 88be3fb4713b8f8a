/** Every vector of the dialect; the shared suites run them. */
import type { DialectVectors } from '../../core/dialect-vectors.ts';
import { conversations as asking } from './vectors-client.ts';
import { conversations as events } from './vectors-events.ts';
import { accept, reject } from './vectors-frames.ts';
import { conversations as logins } from './vectors-login.ts';
import { conversations as messages } from './vectors-messages.ts';
import { conversations as commands } from './vectors-server.ts';
import { conversations as telling } from './vectors-telling.ts';

export const vectors: DialectVectors = {
  accept,
  reject,
  conversations: [...logins, ...commands, ...messages, ...events, ...asking, ...telling],
};
