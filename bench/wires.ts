/** What a client of each peer says and waits for: its upgrade, its first frames, its messages, its sign of receipt. */
import type { Participant } from './population.ts';
import { tokenFor } from './token.ts';

/** What is sent, if anything, and the words in an answer after which the client goes on. */
export interface Step {
  readonly send?: string;
  readonly until: string;
}

export interface Wire {
  /** How the sender learns that a message was taken: a frame with its id, its own copy, or not at all. */
  readonly acknowledges: 'frame' | 'echo' | 'nothing';
  readonly protocol?: string;
  path(who: Participant): string;
  readonly steps: (who: Participant) => readonly Step[];
  /** The wire message that carries the id and the content to the sender's target. */
  say(who: Participant, id: string, content: string): string;
  /** The answer to a frame that is no message, such as a heartbeat. */
  reply?(text: string): string | undefined;
}

export type WireId =
  | 'ready-made'
  | 'hand-written'
  | 'json'
  | 'json-bridged'
  | 'room'
  | 'socket'
  | 'ourchat'
  | 'stomp'
  | 'socket-io'
  | 'rabbitmq';

const isGroup = ({ kind }: Participant): boolean => kind === 'groups';

/** For servers that route by what the URL says and never look inside. */
function routedPath({ user, kind, group, target }: Participant): string {
  const belongs = group < 0 || kind === 'pairs' ? '' : `&group=${target}`;
  return `/?user=${user}&to=${group < 0 ? '' : target}${belongs}`;
}

const clientMessage = (who: Participant, id: string, content: string): object => ({
  type: 'message',
  data: {
    id,
    fromId: who.user,
    toId: who.target,
    chatType: isGroup(who) ? 'group' : 'single',
    content,
  },
});

/** Field by field what Dragoman's json dialect delivers: a server that passes it on sends the same bytes. */
const deliveredMessage = (who: Participant, id: string, content: string): object => ({
  type: 'message',
  data: {
    id,
    fromId: who.user,
    toId: who.target,
    chatType: isGroup(who) ? 'group' : 'single',
    content,
    timestamp: 1_795_231_232_893,
    contentType: 'text',
    replyTo: '',
    imageUrl: '',
    from_name: who.user,
    from_avatar: '',
  },
});

const say = (who: Participant, id: string, content: string): string =>
  JSON.stringify(clientMessage(who, id, content));
const withToken = (path: string) => (who: Participant) => `${path}?token=${tokenFor(who.user)}`;
const none = (): readonly Step[] => [];

const json: Wire = {
  acknowledges: 'frame',
  path: withToken('/ws/json'),
  steps: () => [{ until: '"auth_success"' }],
  say,
};

const roomFrame = (msgType: number, dataType: number, data: object): string =>
  JSON.stringify({ msgType, textData: { dataType, data } });

const room: Wire = {
  acknowledges: 'echo',
  path: withToken('/ws/room'),
  // Only the one who joins is told all members.
  steps: ({ group, target }) =>
    group < 0 ? [] : [{ send: roomFrame(2, 1, { roomNumber: target }), until: '"members"' }],
  say: ({ user, target }, id, content) =>
    roomFrame(3, 3, { id, from: { id: user }, roomNumber: target, content }),
};

const socketChannel = (who: Participant): string => `${isGroup(who) ? 'group' : 'user'}:${who.target}`;

const socket: Wire = {
  acknowledges: 'frame',
  path: withToken('/ws/socket'),
  steps(who) {
    if (who.group < 0) return [{ until: 'socket:connected' }];
    const channel = isGroup(who) ? socketChannel(who) : `user:${who.user}`;
    const send = JSON.stringify({ event: 'socket:subscribe', data: { channel } });
    return [{ until: 'socket:connected' }, { send, until: 'socket:subscribed' }];
  },
  say: (who, id, content) =>
    JSON.stringify({ event: 'message', channel: socketChannel(who), data: { id, content } }),
};

/** Configured to number users by their place in the population, from 1. */
const ourchat: Wire = {
  acknowledges: 'echo',
  path: withToken('/ws/ourchat'),
  steps: () => [{ until: 'USER_LIST' }],
  say: (who, _id, content) =>
    JSON.stringify({
      type: 'CHAT',
      fromUserId: who.index + 1,
      toUserId: isGroup(who) ? null : who.index + 2,
      content,
      messageType: isGroup(who) ? 'GROUP' : 'PRIVATE',
    }),
};

function stompFrame(command: string, headers: Readonly<Record<string, string>>, body = ''): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  return `${command}\n${lines.join('')}\n${body}\0`;
}

const stomp: Wire = {
  acknowledges: 'frame',
  protocol: 'v12.stomp',
  path: withToken('/ws/stomp'),
  steps(who) {
    const destination = isGroup(who) ? `/topic/group/${who.target}` : '/user/queue/messages';
    const connect = {
      send: stompFrame('CONNECT', { 'accept-version': '1.2', host: 'x', 'heart-beat': '0,0' }),
      until: 'CONNECTED',
    };
    const subscribe = {
      send: stompFrame('SUBSCRIBE', { id: '0', destination, receipt: 's' }),
      until: 'RECEIPT',
    };
    return who.group < 0 ? [connect] : [connect, subscribe];
  },
  say: (who, id, content) =>
    stompFrame(
      'SEND',
      { destination: '/app/chat.send', receipt: id },
      JSON.stringify({
        appId: 'app',
        messageId: id,
        toId: who.target,
        chatType: isGroup(who) ? 'GROUP' : 'SINGLE',
        msgType: 'TEXT',
        content,
      }),
    ),
};

const socketIo: Wire = {
  acknowledges: 'nothing',
  path: (who) => `/socket.io/?EIO=4&transport=websocket&${routedPath(who).slice(2)}`,
  steps: () => [{ until: '0{' }, { send: '40', until: '40{' }],
  say: (who, id, content) => `42${JSON.stringify(['message', clientMessage(who, id, content)])}`,
  reply: (text) => (text === '2' ? '3' : undefined),
};

const rabbitDestination = (name: string): string => `/topic/${name}`;

const rabbitmq: Wire = {
  acknowledges: 'nothing',
  protocol: 'v12.stomp',
  path: () => '/ws',
  steps(who) {
    const connect = {
      send: stompFrame('CONNECT', {
        'accept-version': '1.2',
        host: '/',
        login: RABBITMQ_LOGIN.user,
        passcode: RABBITMQ_LOGIN.password,
        'heart-beat': '0,0',
      }),
      until: 'CONNECTED',
    };
    // The sender of a topic gets its own copy if it subscribes, which nobody asked for.
    if (who.group < 0 || who.sender >= 0) return [connect];
    const destination = rabbitDestination(isGroup(who) ? who.target : who.user);
    return [
      connect,
      { send: stompFrame('SUBSCRIBE', { id: '0', destination, receipt: 's' }), until: 'RECEIPT' },
    ];
  },
  say: (who, id, content) =>
    stompFrame(
      'SEND',
      { destination: rabbitDestination(who.target) },
      JSON.stringify(deliveredMessage(who, id, content)),
    ),
};

export const RABBITMQ_LOGIN = { user: 'bench', password: 'bench' } as const;

export const wires: Readonly<Record<WireId, Wire>> = {
  'ready-made': {
    acknowledges: 'nothing',
    path: routedPath,
    steps: none,
    say: (who, id, content) => JSON.stringify(deliveredMessage(who, id, content)),
  },
  'hand-written': { acknowledges: 'frame', path: routedPath, steps: none, say },
  json,
  'json-bridged': { ...json, path: withToken('/ws/bridged') },
  room,
  socket,
  ourchat,
  stomp,
  'socket-io': socketIo,
  rabbitmq,
};
