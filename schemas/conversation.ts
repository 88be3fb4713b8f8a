/** Which conversation a message belongs to. Apart from the schemas: the database's thread needs this and none of them. */
import type { Target } from './model.ts';

/**
 * The key of the conversation that a message belongs to, unique within its namespace: a group's own, or
 * the pair's for direct messages, whichever of the two wrote.
 */
export function conversationKey(to: Target, senderId: string): string {
  const { type, id } = to;
  if (id !== lastTo || type !== lastType || (type === 'user' && senderId !== lastSender)) {
    lastKey = keyFor(to, senderId);
    lastType = type;
    lastTo = id;
    lastSender = senderId;
  }
  return lastKey;
}

/** What was asked for last: messages of a conversation come in a row, and each asks several times. */
let lastType: Target['type'] | undefined;
let lastTo = '';
let lastSender = '';
let lastKey = '';

function keyFor({ type, id }: Target, senderId: string): string {
  if (type === 'group') return `group:${id}`;
  const [one, other] = id < senderId ? [id, senderId] : [senderId, id];
  return `direct:[${quoted(one)},${quoted(other)}]`;
}

/** Ids that JSON has nothing to escape in. */
const PLAIN = /^[\w .:@+-]*$/;

/** As JSON writes it. */
const quoted = (id: string): string => (PLAIN.test(id) ? `"${id}"` : JSON.stringify(id));
