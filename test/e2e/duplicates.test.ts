/** A message that is sent again: acknowledged again, stored and delivered once; another under its id is refused. */
import { expect, it } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { everySpeaker, hears, isStored, messagesHeard, speakers } from '../support/speakers.ts';
import { nextCommand } from '../support/stomp-wire.ts';
import { storedContents } from '../support/store-view.ts';

/** OurChat has no message ids: what is written twice is said twice. */
const withIds = everySpeaker.filter(({ dialect }) => dialect !== 'ourchat');

const again = { user: 'alice', id: 'm-1', content: 'once' };
const other = { user: 'alice', id: 'm-1', content: 'something else' };
const last = { user: 'alice', id: 'm-2', content: 'last' };

it.each(withIds)('$dialect acknowledges the same message again and delivers it once', async (speaker) => {
  await using gateway = await startGateway();
  const bob = await speakers.json.enter(gateway, 'bob');
  const alice = await speaker.enter(gateway, 'alice');
  for (const words of [again, again, last, again]) {
    speaker.say(alice, words);
    await isStored(speaker, alice, words);
  }
  expect(await storedContents(gateway)).toEqual(['once', 'last']);
  speaker.say(alice, { user: 'alice', id: 'm-3', content: 'goodbye' });
  await hears(speakers.json, bob, 'goodbye');
  expect(messagesHeard(speakers.json, bob).map(({ content }) => content)).toEqual([
    'once',
    'last',
    'goodbye',
  ]);
});

it.each(withIds)(
  '$dialect acknowledges a message that came by another connection before',
  async (speaker) => {
    await using gateway = await startGateway();
    const elsewhere = speaker === speakers.json ? speakers.socket : speakers.json;
    const first = await elsewhere.enter(gateway, 'alice');
    elsewhere.say(first, again);
    await isStored(elsewhere, first, again);
    await first.close();
    const alice = await speaker.enter(gateway, 'alice');
    speaker.say(alice, again);
    await isStored(speaker, alice, again);
    expect(await storedContents(gateway)).toEqual(['once']);
  },
);

it('json refuses other content under the same id and names the message', async () => {
  await using gateway = await startGateway();
  const alice = await speakers.json.enter(gateway, 'alice');
  speakers.json.say(alice, again);
  await isStored(speakers.json, alice, again);
  speakers.json.say(alice, other);
  expect(await alice.nextJson()).toEqual({
    type: 'error',
    data: { message: '消息 ID 重复且内容不一致', messageId: 'm-1' },
  });
  expect(await storedContents(gateway)).toEqual(['once']);
});

it('room refuses other content under the same id', async () => {
  await using gateway = await startGateway();
  const alice = await speakers.room.enter(gateway, 'alice');
  speakers.room.say(alice, again);
  await isStored(speakers.room, alice, again);
  speakers.room.say(alice, other);
  expect(await alice.nextJson()).toEqual({ status: 0, msg: '消息 ID 重复且内容不一致', resultBody: '' });
  expect(await storedContents(gateway)).toEqual(['once']);
});

it('socket refuses other content under the same id and names the message', async () => {
  await using gateway = await startGateway();
  const alice = await speakers.socket.enter(gateway, 'alice');
  speakers.socket.say(alice, again);
  await isStored(speakers.socket, alice, again);
  speakers.socket.say(alice, other);
  expect(await alice.nextJson()).toMatchObject({
    event: 'error',
    data: { code: 'duplicate_conflict', messageId: 'm-1' },
  });
  expect(await storedContents(gateway)).toEqual(['once']);
});

it('stomp refuses other content under the same id with ERROR', async () => {
  await using gateway = await startGateway();
  const alice = await speakers.stomp.enter(gateway, 'alice');
  speakers.stomp.say(alice, again);
  await isStored(speakers.stomp, alice, again);
  speakers.stomp.say(alice, other);
  expect((await nextCommand(alice, 'ERROR')).headers).toMatchObject({
    'receipt-id': 'r-m-1',
    code: 'duplicate_conflict',
  });
  expect(await storedContents(gateway)).toEqual(['once']);
});

it('ourchat, which has no ids, says twice what is written twice', async () => {
  await using gateway = await startGateway();
  const alice = await speakers.ourchat.enter(gateway, 'alice');
  for (const words of [again, again]) {
    speakers.ourchat.say(alice, words);
    await isStored(speakers.ourchat, alice, words);
  }
  expect(await storedContents(gateway)).toEqual(['once', 'once']);
});
