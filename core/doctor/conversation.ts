/** Checks of what it is all for: a message is acknowledged, arrives as it was sent and once, and not again. */
import type { Destination, Message, Target } from '../../schemas/model.ts';
import type { Outcome } from '../dialect.ts';
import { fail, inMs, type Note, pass, quote, skip, type Verdict } from './finding.ts';
import type { WireUsers } from './numbers.ts';
import type { Visitor } from './visitor.ts';

export interface Conversation {
  readonly visitor: Visitor;
  /** Who receives; a verdict on `receive` where nobody can. */
  readonly peer: Visitor | Verdict;
  readonly users: WireUsers;
  /** How long lists of users may be on their way, ms. */
  readonly learnMs: number;
  /** Instead of the peer. */
  readonly group: string | undefined;
  /** The configuration does not say that the peer hears the group. */
  readonly mayBeStranger: boolean;
  readonly timeoutMs: number;
}

type Stored = { readonly ms: number } | { readonly error: string; readonly code: string };

export async function checkConversation(conversation: Conversation, note: Note): Promise<void> {
  const { visitor, peer, timeoutMs } = conversation;
  const target = await targetOf(conversation);
  if (typeof target === 'string') {
    note(
      'send',
      skip(target, 'name users (--user, --peer-user), with an `integer` where the wire has numbers'),
    );
    for (const check of ['receive', 'duplicate'] as const) note(check, skip('nothing was sent'));
    return;
  }
  const refused = await attend(conversation, target);
  if (refused !== undefined) {
    note('send', fail(`may not attend: ${refused}`, 'choose a group whose member the user is (--group)'));
    for (const check of ['receive', 'duplicate'] as const) note(check, skip('nothing was sent'));
    return;
  }
  const first = newMessage('first');
  const since = performance.now();
  const sent = await send(visitor, target, first);
  note('send', sendVerdict(sent, target, timeoutMs));
  if ('error' in sent && sent.code === 'unsupported') {
    for (const check of ['receive', 'duplicate'] as const) note(check, skip('nothing was sent'));
    return;
  }
  if ('result' in peer) {
    note('receive', peer);
    note('duplicate', skip('nobody receives'));
    return;
  }
  const copy = await peer.when(() => copies(peer, first)[0]);
  const marked = await mark(conversation, target);
  if (copy === undefined && !marked && conversation.mayBeStranger) {
    const remedy = 'name members of the group: --user, --peer-user';
    note(
      'receive',
      skip('the peer may be no member of the group, and the dialect hears of no other', remedy),
    );
    note('duplicate', skip('nothing arrives'));
    return;
  }
  if (copy === undefined) {
    const came = marked ? 'a later one came' : 'neither did a later one';
    const remedy = 'messages get lost between the gateway and its clients: look at the proxy in between';
    note('receive', fail(`it did not arrive in ${timeoutMs} ms; ${came}`, remedy));
    note('duplicate', skip('nothing arrives'));
    return;
  }
  const times = count(peer, first);
  note(
    'receive',
    times > 1
      ? fail(`it arrived ${times} times`, 'something between the gateway and its clients repeats frames')
      : pass(`once and unchanged, after ${inMs(copy.at - since)}`),
  );
  await checkDuplicate(conversation, { target, first, copy: copy.message, before: times }, note);
}

async function checkDuplicate(
  conversation: Conversation,
  sent: {
    readonly target: Target;
    readonly first: Words;
    readonly copy: Message;
    readonly before: number;
  },
  note: Note,
): Promise<void> {
  const { target, first, copy, before } = sent;
  const { visitor, peer } = conversation;
  if ((copy.clientId ?? copy.id) !== first.id) {
    note('duplicate', skip("the dialect has no ids of the sender's own"));
    return;
  }
  const again = await send(visitor, target, first);
  // What is sent later arrives later: no waiting for what does not come.
  const marked = await mark(conversation, target);
  if (!marked) {
    note('duplicate', fail('nothing arrives any more after it', 'see what the log of the gateway says'));
    return;
  }
  const after = count(peer as Visitor, first);
  if (after > before) {
    const remedy =
      'the gateway should know a message by its id: see limits.deduplication, and the proxy in between';
    note('duplicate', fail('sent again under the same id, it arrives again', remedy));
    return;
  }
  note(
    'duplicate',
    'ms' in again
      ? pass('sent again under the same id, it is acknowledged and does not arrive again')
      : fail(
          `sent again under the same id, it is refused: ${again.error}`,
          'see what the log of the gateway says',
        ),
  );
}

interface Words {
  readonly id: string;
  readonly content: string;
}

/** Every content is different: some dialects tell messages by it. */
const newMessage = (which: string): Words => {
  const id = crypto.randomUUID();
  return { id, content: `dragoman doctor, ${which} message ${id}` };
};

/** Whom the messages are for; a text where that is not known. */
async function targetOf({ visitor, peer, users, learnMs, group }: Conversation): Promise<Target | string> {
  const from = visitor.user;
  const to = 'result' in peer ? from : peer.user;
  if (group === undefined && (from === undefined || to === undefined)) return 'nobody says who is logged in';
  const needed = (group === undefined ? [from, to] : [from]).filter((user) => user !== undefined);
  const isKnown = (): true | undefined =>
    needed.every((user) => users.toWire(user) !== undefined) || undefined;
  // Lists of users may still be on their way.
  if (isKnown() === undefined) await visitor.when(isKnown, learnMs);
  if (isKnown() === undefined) return 'which numbers the users have on this wire is not known';
  return group === undefined ? { type: 'user', id: to ?? '' } : { type: 'group', id: group };
}

/** Subscriptions that the dialect may need. What it has no words for it does not need. */
async function attend({ visitor, peer }: Conversation, target: Target): Promise<string | undefined> {
  const places: (readonly [Visitor, Destination])[] = [];
  if (target.type === 'group') places.push([visitor, target]);
  if (!('result' in peer)) {
    const { user: id } = peer;
    if (target.type === 'group') places.push([peer, target]);
    else if (id !== undefined) places.push([peer, { type: 'user', id }]);
  }
  for (const [who, place] of places) {
    const outcome = await who.ask({ type: 'subscribe', target: place });
    if (outcome === undefined) return 'there was no answer';
    if (!outcome.ok && outcome.error.code !== 'unsupported') return quote(outcome.error.message);
  }
  return undefined;
}

async function send(visitor: Visitor, target: Target, { id, content }: Words): Promise<Stored> {
  const since = performance.now();
  const outcome: Outcome | undefined = await visitor.ask({
    type: 'send_message',
    target,
    content,
    contentType: 'text',
    clientId: id,
  });
  if (outcome?.ok === true) return { ms: performance.now() - since };
  if (outcome !== undefined) return { error: quote(outcome.error.message), code: outcome.error.code };
  if (visitor.end === undefined) return { error: 'no answer', code: 'silence' };
  return { error: `the connection ended (${quote(visitor.end.text) || visitor.end.code})`, code: 'closed' };
}

function sendVerdict(sent: Stored, { type }: Target, timeoutMs: number): Verdict {
  if ('ms' in sent) return pass(`acknowledged after ${inMs(sent.ms)}`);
  switch (sent.code) {
    case 'unsupported':
      return type === 'user'
        ? skip('the dialect has no words for a message to a user', 'name a group to send to: --group')
        : skip('the dialect has no words for a message to this group', 'name another: --group');
    case 'silence':
      return fail(
        `no acknowledgement in ${timeoutMs} ms`,
        'the gateway stores before it answers: see /readyz and dragoman_store_* at /metrics, then the proxy in between',
      );
    case 'store_unavailable':
      return fail(sent.error, 'look at the disk of the data directory (space, rights) and at the log');
    case 'recipient_unknown':
      return fail(sent.error, 'name a second user who may log in here: --peer-user, or --peer-token');
    default:
      return fail(sent.error, 'see what the configuration allows this user, and the log of the gateway');
  }
}

interface Copy {
  readonly message: Message;
  readonly at: number;
}

const copies = ({ heard }: Visitor, { content }: Words): readonly Copy[] =>
  heard.flatMap(({ event, at }) =>
    event.type === 'message' && event.message.content === content ? [{ message: event.message, at }] : [],
  );
const count = (visitor: Visitor, words: Words): number => copies(visitor, words).length;

/** A message after all others; whether it arrives. */
async function mark({ visitor, peer }: Conversation, target: Target): Promise<boolean> {
  if ('result' in peer) return false;
  const words = newMessage('next');
  const [copy] = await Promise.all([peer.when(() => copies(peer, words)[0]), send(visitor, target, words)]);
  return copy !== undefined;
}
