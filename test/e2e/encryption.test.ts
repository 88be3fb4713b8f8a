/** Encrypted payloads over real sockets: the dialect above them does not notice. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { PayloadEncryption } from '../../core/payload-encryption.ts';
import { startGateway } from '../support/gateway.ts';
import { connectRaw } from '../support/raw-client.ts';

const keys = { 1: randomBytes(32).toString('base64'), 2: randomBytes(32).toString('base64') };
const encryption = new PayloadEncryption({ keys, active: 2 });
const edit = (yaml: string): string =>
  yaml.replace(
    'dialect: room\n    auth: demo',
    `dialect: room\n    auth: demo\n    encryption: { active: 2, keys: { 1: "${keys[1]}", 2: "${keys[2]}" } }`,
  );

const join = (id: string) => ({
  msgType: 2,
  textData: { dataType: 1, data: { from: { id }, roomNumber: 'lobby' } },
});
const opened = (text: string) => {
  const { data, keyId } = encryption.open(Buffer.from(text));
  return { keyId, value: JSON.parse(data.toString()) as Record<string, unknown> };
};

test('clients with an old and with a new key hear each other, each under its own', async () => {
  await using gateway = await startGateway({ edit });
  const alice = await connectRaw(await gateway.url('/ws/room', 'alice'));
  const bob = await connectRaw(await gateway.url('/ws/room', 'bob'));
  alice.send(encryption.seal(JSON.stringify(join('alice')), 1));
  expect(opened(await alice.next())).toMatchObject({ keyId: 1, value: { msg: 'Join successfully' } });
  bob.send(encryption.seal(JSON.stringify(join('bob')), 2));
  expect(opened(await bob.next())).toMatchObject({ keyId: 2, value: { msg: 'Join successfully' } });
  expect(opened(await alice.next())).toMatchObject({ keyId: 1, value: { msg: 'Join successfully' } });

  const chat = { dataType: 3, data: { from: { id: 'bob' }, roomNumber: 'lobby', content: '秘密' } };
  bob.send(encryption.seal(JSON.stringify({ msgType: 3, textData: chat }), 2));
  for (const [client, keyId] of [
    [alice, 1],
    [bob, 2],
  ] as const) {
    const { value, ...under } = opened(await client.next());
    expect(under).toEqual({ keyId });
    expect(value).toMatchObject({ resultBody: { textData: { data: { content: '秘密' } } } });
  }
});

test('plain text is refused in the words of the dialect, encrypted, and the connection stays open', async () => {
  await using gateway = await startGateway({ edit });
  const alice = await connectRaw(await gateway.url('/ws/room', 'alice'));
  alice.send(join('alice'));
  expect(opened(await alice.next())).toMatchObject({ keyId: 2, value: { status: 0, resultBody: '' } });
  alice.send(encryption.seal(JSON.stringify(join('alice')), 2));
  expect(opened(await alice.next())).toMatchObject({ value: { status: 1 } });
});
