/** STOMP transactions: all of it or nothing [STOMP 1.2, BEGIN]. */
import { expect, it } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { hears, messagesHeard, speakers } from '../support/speakers.ts';
import { chat, connectStomp, framesOf, nextCommand, stomp } from '../support/stomp-wire.ts';
import { between, storedContents } from '../support/store-view.ts';

const transaction = { transaction: 't' };
const toLobby = (messageId: string, content = messageId): string =>
  chat(
    'send',
    { messageId, toId: 'lobby', chatType: 'GROUP', content },
    { ...transaction, receipt: messageId },
  );
const begin = stomp('BEGIN', transaction);
const commit = stomp('COMMIT', { ...transaction, receipt: 'committed' });

it('COMMIT stores all messages in order, and only then come the receipts and the deliveries', async () => {
  await using gateway = await startGateway();
  const bob = await speakers.json.enter(gateway, 'bob');
  const alice = await connectStomp(gateway, 'alice');
  for (const frame of [begin, toLobby('one'), toLobby('two')]) alice.send(frame);
  alice.send(
    chat('send', { messageId: 'p', toId: 'bob', chatType: 'SINGLE', content: 'private' }, transaction),
  );
  // Answered when everything before it has been handled.
  alice.send(
    chat('send', { messageId: 'x', toId: 'lobby', chatType: 'GROUP', content: 'outside' }, { receipt: 'x' }),
  );
  await nextCommand(alice, 'RECEIPT', 'x');
  expect(await storedContents(gateway)).toEqual(['outside']);
  alice.send(commit);
  await nextCommand(alice, 'RECEIPT', 'committed');
  expect(framesOf(alice, 'RECEIPT').map(({ headers }) => headers['receipt-id'])).toEqual([
    'x',
    'one',
    'two',
    'committed',
  ]);
  expect(await storedContents(gateway)).toEqual(['outside', 'one', 'two']);
  await hears(speakers.json, bob, 'private');
  expect(messagesHeard(speakers.json, bob).map(({ content }) => content)).toEqual([
    'outside',
    'one',
    'two',
    'private',
  ]);
});

it('ABORT stores nothing and answers no receipt of the frames inside', async () => {
  await using gateway = await startGateway();
  const alice = await connectStomp(gateway, 'alice');
  for (const frame of [begin, toLobby('one')]) alice.send(frame);
  alice.send(stomp('ABORT', { ...transaction, receipt: 'aborted' }));
  await nextCommand(alice, 'RECEIPT');
  expect(framesOf(alice, 'RECEIPT').map(({ headers }) => headers['receipt-id'])).toEqual(['aborted']);
  expect(await storedContents(gateway)).toEqual([]);
});

it.each([
  [
    'a closed group',
    chat('send', { messageId: 'b', toId: 'staff', chatType: 'GROUP', content: 'x' }, transaction),
  ],
  [
    'an unknown recipient',
    chat('send', { messageId: 'b', toId: 'nobody', chatType: 'SINGLE', content: 'x' }, transaction),
  ],
  [
    'too long a content',
    chat(
      'send',
      { messageId: 'b', toId: 'lobby', chatType: 'GROUP', content: 'x'.repeat(10_001) },
      transaction,
    ),
  ],
  [
    'an id used before',
    chat('send', { messageId: 'used', toId: 'lobby', chatType: 'GROUP', content: 'new' }, transaction),
  ],
])('a transaction with %s in it stores nothing and ends in ERROR', async (_what, bad) => {
  await using gateway = await startGateway();
  const bob = await speakers.json.enter(gateway, 'bob');
  const frank = await connectStomp(gateway, 'frank');
  frank.send(
    chat('send', { messageId: 'used', toId: 'lobby', chatType: 'GROUP', content: 'old' }, { receipt: 'r' }),
  );
  await nextCommand(frank, 'RECEIPT', 'r');
  for (const frame of [begin, toLobby('one'), bad, toLobby('two'), commit]) frank.send(frame);
  await nextCommand(frank, 'ERROR');
  expect(await frank.closed).toMatchObject({ code: 1002 });
  expect(framesOf(frank, 'RECEIPT')).toHaveLength(1);
  expect(await storedContents(gateway)).toEqual(['old']);
  const alice = await speakers.json.enter(gateway, 'alice');
  speakers.json.say(alice, { user: 'alice', id: 'a', content: 'goodbye' });
  await hears(speakers.json, bob, 'goodbye');
  expect(messagesHeard(speakers.json, bob).map(({ content }) => content)).toEqual(['old', 'goodbye']);
});

it('a connection that ends takes its open transaction with it', async () => {
  await using gateway = await startGateway();
  const alice = await connectStomp(gateway, 'alice');
  for (const frame of [begin, toLobby('one')]) alice.send(frame);
  alice.send(stomp('DISCONNECT', { receipt: 'bye' }));
  await nextCommand(alice, 'RECEIPT', 'bye');
  expect(await alice.closed).toMatchObject({ code: 1000 });
  expect(await storedContents(gateway)).toEqual([]);
});

it('a revocation takes effect with the messages of its transaction', async () => {
  await using gateway = await startGateway();
  const alice = await connectStomp(gateway, 'alice');
  alice.send(
    chat('send', { messageId: 'old', toId: 'bob', chatType: 'SINGLE', content: 'typo' }, { receipt: 'r' }),
  );
  await nextCommand(alice, 'RECEIPT', 'r');
  alice.send(begin);
  alice.send(chat('revoke', { messageId: 'old' }, transaction));
  alice.send(
    chat('send', { messageId: 'new', toId: 'bob', chatType: 'SINGLE', content: 'no typo' }, transaction),
  );
  alice.send(commit);
  await nextCommand(alice, 'RECEIPT', 'committed');
  expect(await storedContents(gateway, between('alice', 'bob'))).toEqual(['no typo']);
});
