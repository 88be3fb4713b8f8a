/**
 * A client of each dialect as the tests of durability need it: written by hand from the protocol pages, knowing
 * nothing of the gateway's own code. A message is named by its content, which is its sender's id for it too.
 */
import type { ClientOptions } from 'ws';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { readStomp, stomp } from '../support/stomp-wire.ts';
import type { Door } from './gateway-process.ts';

/** Users of the tests and their integers, in the order of `voices`: who speaks, and who reads later. */
export const SPEAKERS = ['alice', 'bob', 'carol', 'dave', 'erin'] as const;
export const READERS = ['reader-1', 'reader-2', 'reader-3', 'reader-4', 'reader-5'] as const;
const integerOf = (user: string): number =>
  1 + [...SPEAKERS, 'frank', ...READERS].indexOf(user as (typeof SPEAKERS)[number]);

/** Makes the readers users and members of the lobby. */
export const withReaders = (yaml: string): string =>
  yaml
    .replace(
      '\ngroups:\n',
      `${READERS.map((id) => `  - { id: ${id}, integer: ${integerOf(id)} }\n`).join('')}\ngroups:\n`,
    )
    .replace('members: [alice, bob, carol, dave, erin]', (list) =>
      list.replace(']', `, ${READERS.join(', ')}]`),
    );

export interface Heard {
  readonly content: string;
  /** Undefined where the dialect shows none. */
  readonly id: string | undefined;
  /** User id, or integer where the dialect has those. */
  readonly from: string;
}

export interface Voice {
  readonly dialect: string;
  /** Whether it has private messages, and ids of its own. */
  readonly isPrivate: boolean;
  readonly hasIds: boolean;
  /** Logged in, in the lobby, open to direct messages, and told what was missed or about to be. */
  enter(door: Door, user: string, options?: ClientOptions): Promise<RawClient>;
  /** `to`: a user; undefined: the lobby. */
  say(
    client: RawClient,
    words: { readonly user: string; readonly content: string; readonly to?: string },
  ): void;
  heard(wire: string): Heard | undefined;
  /** The content that this frame says is stored. */
  acknowledged(wire: string, user: string): string | undefined;
  /** The content of the message that this frame refuses, or '' if it does not say which. */
  refused(wire: string): { readonly content: string; readonly text: string } | undefined;
}

type Fields = { readonly [key: string]: unknown };

const parse = (wire: string): Fields & { readonly data: Fields } => {
  const value = (wire.startsWith('{') ? JSON.parse(wire) : {}) as Fields;
  return { ...value, data: (value.data ?? {}) as Fields };
};

const urlOf = async (door: Door, path: string, user: string): Promise<string> =>
  `${door.ws}${path}?token=${await door.token(user)}`;

const json: Voice = {
  dialect: 'json',
  isPrivate: true,
  hasIds: true,
  async enter(door, user, options) {
    const client = await connectRaw(await urlOf(door, '/ws/json', user), [], options);
    await client.nextJson(({ type }) => type === 'auth_success');
    return client;
  },
  say: (client, { user, content, to }) =>
    client.send({
      type: 'message',
      data: {
        id: content,
        fromId: user,
        toId: to ?? 'lobby',
        chatType: to === undefined ? 'group' : 'single',
        content,
      },
    }),
  heard(wire) {
    const { type, data } = parse(wire);
    if (type !== 'message') return undefined;
    return { content: String(data.content), id: String(data.id), from: String(data.fromId) };
  },
  acknowledged(wire) {
    const { type, data } = parse(wire);
    return type === 'ack' && data.status === 'success' ? String(data.id) : undefined;
  },
  refused(wire) {
    const { type, data } = parse(wire);
    return type === 'error'
      ? { content: String(data.messageId ?? ''), text: String(data.message) }
      : undefined;
  },
};

const roomFrame = (msgType: number, dataType: number, data: object): object => ({
  msgType,
  textData: { dataType, data },
});

const room: Voice = {
  dialect: 'room',
  isPrivate: false,
  hasIds: true,
  async enter(door, user, options) {
    const client = await connectRaw(await urlOf(door, '/ws/room', user), [], options);
    client.send(roomFrame(2, 1, { from: { id: user }, roomNumber: 'lobby' }));
    await client.nextJson(({ msg }) => msg === 'Join successfully');
    return client;
  },
  say: (client, { user, content }) =>
    client.send(roomFrame(3, 3, { id: content, from: { id: user }, roomNumber: 'lobby', content })),
  heard(wire) {
    const { msg, resultBody } = parse(wire);
    if (msg !== 'Message') return undefined;
    const { data } = (resultBody as { readonly textData: { readonly data: Fields } }).textData;
    const from = data.from as Fields;
    return { content: String(data.content), id: String(data.id), from: String(from.id) };
  },
  acknowledged(wire, user) {
    const heard = room.heard(wire);
    return heard?.from === user ? heard.content : undefined;
  },
  refused(wire) {
    const { status, msg } = parse(wire);
    return status === 0 ? { content: '', text: String(msg) } : undefined;
  },
};

const socket: Voice = {
  dialect: 'socket',
  isPrivate: true,
  hasIds: true,
  async enter(door, user, options) {
    const client = await connectRaw(await urlOf(door, '/ws/socket', user), [], options);
    for (const channel of [`user:${user}`, 'group:lobby']) {
      client.send({ event: 'socket:subscribe', data: { channel } });
      await client.nextJson(({ event }) => event === 'socket:subscribed');
    }
    return client;
  },
  say: (client, { content, to }) =>
    client.send({
      event: 'message',
      channel: to === undefined ? 'group:lobby' : `user:${to}`,
      data: { id: content, content },
    }),
  heard(wire) {
    const { event, data } = parse(wire);
    if (event !== 'message') return undefined;
    return { content: String(data.content), id: String(data.id), from: String((data.from as Fields).id) };
  },
  acknowledged(wire) {
    const { event, data } = parse(wire);
    return event === 'ack' && data.status === 'success' ? String(data.id) : undefined;
  },
  refused(wire) {
    const { event, data } = parse(wire);
    return event === 'error'
      ? { content: String(data.messageId ?? ''), text: String(data.message) }
      : undefined;
  },
};

const ourchat: Voice = {
  dialect: 'ourchat',
  isPrivate: true,
  hasIds: false,
  async enter(door, user, options) {
    const client = await connectRaw(await urlOf(door, '/ws/ourchat', user), [], options);
    await client.nextJson(({ type }) => type === 'USER_LIST');
    return client;
  },
  say: (client, { user, content, to }) =>
    client.send({
      type: 'CHAT',
      fromUserId: integerOf(user),
      toUserId: to === undefined ? null : integerOf(to),
      content,
      messageType: to === undefined ? 'GROUP' : 'PRIVATE',
    }),
  heard(wire) {
    const { type, content, fromUserId } = parse(wire);
    if (type !== 'CHAT') return undefined;
    return { content: String(content), id: undefined, from: String(fromUserId) };
  },
  acknowledged(wire, user) {
    const heard = ourchat.heard(wire);
    return heard?.from === String(integerOf(user)) ? heard.content : undefined;
  },
  refused(wire) {
    const { type, message } = parse(wire);
    return type === 'ERROR' ? { content: '', text: String(message) } : undefined;
  },
};

const stompVoice: Voice = {
  dialect: 'stomp',
  isPrivate: true,
  hasIds: true,
  async enter(door, user, options) {
    const client = await connectRaw(`${door.ws}/ws/im`, 'v12.stomp', options);
    const send = async (
      command: string,
      headers: Readonly<Record<string, string>>,
      body = '',
    ): Promise<void> => {
      const receipt = `ready-${client.received.length}`;
      client.send(stomp(command, { ...headers, receipt }, body));
      await client.next((wire) => readStomp(wire)?.headers['receipt-id'] === receipt);
    };
    const login = { 'accept-version': '1.2', host: 'x', Authorization: `Bearer ${await door.token(user)}` };
    client.send(stomp('CONNECT', login));
    await client.next((wire) => wire.startsWith('CONNECTED'));
    await send('SUBSCRIBE', { id: 'inbox', destination: '/user/queue/messages' });
    await send('SEND', { destination: '/app/chat.sync' }, '{}');
    await send('SUBSCRIBE', { id: 'lobby', destination: '/topic/group/lobby' });
    return client;
  },
  say(client, { content, to }) {
    const body = {
      appId: 'app',
      messageId: content,
      toId: to ?? 'lobby',
      chatType: to === undefined ? 'GROUP' : 'SINGLE',
      msgType: 'TEXT',
      content,
    };
    client.send(stomp('SEND', { destination: '/app/chat.send', receipt: content }, JSON.stringify(body)));
  },
  heard(wire) {
    const frame = readStomp(wire);
    if (frame?.command !== 'MESSAGE') return undefined;
    const { content, id, fromId } = JSON.parse(frame.body) as Fields;
    return { content: String(content), id: String(id), from: String(fromId) };
  },
  acknowledged(wire) {
    const frame = readStomp(wire);
    const receipt = frame?.headers['receipt-id'];
    return frame?.command === 'RECEIPT' && receipt?.startsWith('ready-') === false ? receipt : undefined;
  },
  refused(wire) {
    const frame = readStomp(wire);
    if (frame?.command !== 'ERROR') return undefined;
    return { content: frame.headers['receipt-id'] ?? '', text: frame.body };
  },
};

export const voices: readonly Voice[] = [json, room, socket, ourchat, stompVoice];
export { json, ourchat, room, socket, stompVoice as stomp };
