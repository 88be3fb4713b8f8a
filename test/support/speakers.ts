/** Clients of each dialect that write and read their wire format by hand: what a real client would have to do. */
import type { TestGateway } from './gateway.ts';
import { connectRaw, type RawClient } from './raw-client.ts';
import { chat, connectStomp, nextCommand, readStomp } from './stomp-wire.ts';

export const INTEGERS: Readonly<Record<string, number>> = {
  alice: 1,
  bob: 2,
  carol: 3,
  dave: 4,
  erin: 5,
  frank: 6,
};
const userOfInteger = (integer: unknown): string =>
  Object.entries(INTEGERS).find(([, value]) => value === integer)?.[0] ?? String(integer);

export interface Words {
  readonly user: string;
  readonly id: string;
  readonly content: string;
}

export interface Heard {
  readonly from: string;
  readonly content: string;
}

export interface Speaker {
  readonly dialect: string;
  /** Whether the sending connection gets its own group message back, and a sign of its own that it is stored. */
  readonly copy: boolean;
  readonly acknowledges: boolean;
  /** Logged in, in the lobby and open to direct messages, as far as the dialect has them. */
  enter(gateway: TestGateway, user: string, path?: string): Promise<RawClient>;
  /** Writes to the lobby. */
  say(client: RawClient, words: Words): void;
  /** Writes to one user; undefined where the dialect has no words for it. */
  readonly tell: ((client: RawClient, to: string, words: Words) => void) | undefined;
  /** The message that this frame brings, if it brings one. */
  read(wire: string): Heard | undefined;
  /** Whether this frame says that the message of this id is stored. */
  isAck(wire: string, id: string): boolean;
}

type Json = { readonly [key: string]: unknown } & {
  readonly data?: { readonly [key: string]: unknown };
};

function parse(wire: string): Json {
  try {
    return JSON.parse(wire) as Json;
  } catch {
    return {};
  }
}

const json: Speaker = {
  dialect: 'json',
  copy: false,
  acknowledges: true,
  async enter(gateway, user, path = '/ws/json') {
    const client = await connectRaw(await gateway.url(path, user));
    await client.nextJson(({ type }) => type === 'auth_success');
    return client;
  },
  say: (client, words) => sayJson(client, { toId: 'lobby', chatType: 'group' }, words),
  tell: (client, toId, words) => sayJson(client, { toId, chatType: 'single' }, words),
  read(wire) {
    const { type, data } = parse(wire);
    return type === 'message' ? { from: String(data?.fromId), content: String(data?.content) } : undefined;
  },
  isAck(wire, id) {
    const { type, data } = parse(wire);
    return type === 'ack' && data?.id === id && data.status === 'success';
  },
};

const sayJson = (client: RawClient, target: object, { user, id, content }: Words): void =>
  client.send({ type: 'message', data: { id, fromId: user, ...target, content } });

const room: Speaker = {
  dialect: 'room',
  copy: true,
  acknowledges: false,
  async enter(gateway, user, path = '/ws/room') {
    const client = await connectRaw(await gateway.url(path, user));
    client.send(roomFrame(2, 1, { roomNumber: 'lobby' }));
    await client.nextJson(({ msg }) => msg === 'Join successfully');
    return client;
  },
  say: (client, { user, id, content }) =>
    client.send(roomFrame(3, 3, { id, from: { id: user }, roomNumber: 'lobby', content })),
  tell: undefined,
  read(wire) {
    const { msg, resultBody } = parse(wire) as { msg?: string; resultBody?: RoomBody };
    if (msg !== 'Message') return undefined;
    const { from, content } = resultBody?.textData.data ?? {};
    return { from: String(from?.id), content: String(content) };
  },
  isAck: () => false,
};

interface RoomBody {
  readonly textData: {
    readonly data: { readonly from?: { readonly id?: string }; readonly content?: string };
  };
}

/** A client's frame. */
export const roomFrame = (msgType: number, dataType: number, data: object): object => ({
  msgType,
  textData: { dataType, data },
});

const socket: Speaker = {
  dialect: 'socket',
  copy: false,
  acknowledges: true,
  enter: (gateway, user, path) => connectSocket(gateway, user, ['group:lobby', `user:${user}`], path),
  say: (client, words) => saySocket(client, 'group:lobby', words),
  tell: (client, to, words) => saySocket(client, `user:${to}`, words),
  read(wire) {
    const { event, data } = parse(wire);
    const from = data?.from as { readonly id?: string } | undefined;
    return event === 'message' ? { from: String(from?.id), content: String(data?.content) } : undefined;
  },
  isAck(wire, id) {
    const { event, data } = parse(wire);
    return event === 'ack' && data?.id === id && data.status === 'success';
  },
};

const saySocket = (client: RawClient, channel: string, { id, content }: Words): void =>
  client.send({ event: 'message', channel, data: { id, content } });

/** Connected and subscribed to the channels. */
export async function connectSocket(
  gateway: TestGateway,
  user: string,
  channels: readonly string[],
  path = '/ws/socket',
): Promise<RawClient> {
  const client = await connectRaw(await gateway.url(path, user));
  for (const channel of channels) {
    client.send({ event: 'socket:subscribe', data: { channel } });
    await client.nextJson(({ event }) => event === 'socket:subscribed');
  }
  return client;
}

const ourchat: Speaker = {
  dialect: 'ourchat',
  copy: true,
  acknowledges: false,
  async enter(gateway, user, path = '/ws/ourchat') {
    const client = await connectRaw(await gateway.url(path, user));
    await client.nextJson(({ type }) => type === 'USER_LIST');
    return client;
  },
  say: (client, words) => sayOurchat(client, null, words),
  tell: (client, to, words) => sayOurchat(client, INTEGERS[to] ?? null, words),
  read(wire) {
    const { type, fromUserId, content } = parse(wire);
    return type === 'CHAT' ? { from: userOfInteger(fromUserId), content: String(content) } : undefined;
  },
  isAck: () => false,
};

const sayOurchat = (client: RawClient, toUserId: number | null, { user, content }: Words): void =>
  client.send({
    type: 'CHAT',
    fromUserId: INTEGERS[user],
    toUserId,
    content,
    messageType: toUserId === null ? 'GROUP' : 'PRIVATE',
  });

const stompSpeaker: Speaker = {
  dialect: 'stomp',
  copy: true,
  acknowledges: true,
  enter: (gateway, user, path) =>
    connectStomp(gateway, user, ['/topic/group/lobby', '/user/queue/messages'], path),
  say: (client, words) => sayStomp(client, { toId: 'lobby', chatType: 'GROUP' }, words),
  tell: (client, toId, words) => sayStomp(client, { toId, chatType: 'SINGLE' }, words),
  read(wire) {
    const frame = readStomp(wire);
    if (frame?.command !== 'MESSAGE') return undefined;
    const { fromId, content } = JSON.parse(frame.body) as { fromId: string; content: string };
    return { from: fromId, content };
  },
  isAck(wire, id) {
    const frame = readStomp(wire);
    return frame?.command === 'RECEIPT' && frame.headers['receipt-id'] === `r-${id}`;
  },
};

const sayStomp = (client: RawClient, target: object, { id, content }: Words): void =>
  client.send(
    chat(
      'send',
      { appId: 'app', messageId: id, ...target, msgType: 'TEXT', content },
      { receipt: `r-${id}` },
    ),
  );

export const speakers = { json, room, socket, ourchat, stomp: stompSpeaker };
export const everySpeaker: readonly Speaker[] = Object.values(speakers);

/** All messages that a client has received, in order. */
export const messagesHeard = (speaker: Speaker, client: RawClient): readonly Heard[] =>
  client.received.map((wire) => speaker.read(wire)).filter((heard): heard is Heard => heard !== undefined);

/** Waits until the client receives this content. */
export async function hears(speaker: Speaker, client: RawClient, content: string): Promise<Heard> {
  const wire = await client.next((message) => speaker.read(message)?.content === content);
  return speaker.read(wire) as Heard;
}

/** Waits for the dialect's sign that the sender's own message is stored. */
export async function isStored(speaker: Speaker, client: RawClient, words: Words): Promise<void> {
  await client.next((wire) =>
    speaker.acknowledges ? speaker.isAck(wire, words.id) : speaker.read(wire)?.content === words.content,
  );
}

/** Waits for the RECEIPT of a frame. */
export const receipted = (client: RawClient, id: string) => nextCommand(client, 'RECEIPT', id);
