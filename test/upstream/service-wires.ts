/** How services that are no Dragoman write the JSON dialects. */

/** Frames of each JSON dialect as a service of its own might write them. */
export interface Wire {
  readonly dialect: string;
  readonly hello: string | undefined;
  /** What the client sends first, to be let in and to attend; and what the service answers. */
  readonly opening: readonly (readonly [client: string, answer: string])[];
  /** A known frame up, with more members at two places. */
  up(extra: object): object;
  /** The same down. */
  down(extra: object): object;
  /** What the service says to a message, where the next one waits for that. */
  readonly echo?: object;
  /** Frames that no codec knows. */
  readonly unknown: string;
  /** A frame that is broken, and what the client is told of it. */
  readonly broken: string;
  readonly complaint: RegExp;
}

export const text = (value: object): string => JSON.stringify(value);

const ALICE = { id: 'alice', nickName: 'Alice', personName: 'Alice' };
const ROOM = { number: 'lobby', name: 'Lobby' };
const joined = text({
  status: 1,
  msg: 'Join successfully',
  resultBody: {
    msgType: 3,
    textData: {
      dataType: 1,
      data: { ...ROOM, members: [ALICE], newJoinMember: ALICE },
    },
  },
});

export const WIRES: readonly Wire[] = [
  {
    dialect: 'json',
    hello: text({ type: 'auth_success', data: { userId: 'alice' } }),
    opening: [],
    up: (extra) => ({
      type: 'message',
      data: {
        id: 'm-1',
        fromId: 'alice',
        toId: 'lobby',
        chatType: 'group',
        content: 'hello',
        contentType: 'text',
        replyTo: '',
        imageUrl: '',
        ...extra,
      },
      ...extra,
    }),
    down: (extra) => ({
      type: 'message',
      data: {
        id: 's-1',
        fromId: 'bob',
        toId: 'lobby',
        chatType: 'group',
        content: 'hi',
        timestamp: 1_700_000_000_000,
        ...extra,
      },
      ...extra,
    }),
    unknown: text({ type: 'typing', data: { toId: 'lobby' } }),
    broken: '{"type":"message","data":{"id":"m-9"}}',
    complaint: /"type":"error"/,
  },
  {
    dialect: 'socket',
    hello: text({
      event: 'socket:connected',
      data: { socket_id: 'x', heart: { interval: 30, timeout: 25 } },
    }),
    opening: [
      [
        text({ event: 'socket:subscribe', data: { channel: 'group:lobby' } }),
        text({ event: 'socket:subscribed' }),
      ],
    ],
    up: (extra) => ({
      event: 'message',
      channel: 'group:lobby',
      data: { id: 'm-1', content: 'hello', contentType: 'text', ...extra },
      ...extra,
    }),
    down: (extra) => ({
      event: 'message',
      channel: 'group:lobby',
      data: {
        id: 's-1',
        from: { id: 'bob', name: 'Bob', avatar: '' },
        content: 'hi',
        contentType: 'text',
        timestamp: 1_700_000_000_000,
        ...extra,
      },
      ...extra,
    }),
    unknown: text({ event: 'socket:resume', data: { since: 3 } }),
    broken: '{"event":"socket:subscribe","data":{}}',
    complaint: /"socket:subscribe\.error"|"error"/,
  },
  {
    dialect: 'room',
    hello: undefined,
    opening: [[text({ msgType: 2, textData: { dataType: 1, data: { roomNumber: 'lobby' } } }), joined]],
    up: (extra) => ({
      msgType: 3,
      textData: {
        dataType: 3,
        data: {
          id: 'm-1',
          from: ALICE,
          roomNumber: 'lobby',
          content: 'hello',
          contentType: 'text',
          ...extra,
        },
      },
      ...extra,
    }),
    down: (extra) => ({
      status: 1,
      msg: 'Message',
      resultBody: {
        msgType: 3,
        textData: {
          dataType: 3,
          data: {
            id: 's-1',
            from: { id: 'bob', nickName: 'Bob', personName: 'Bob' },
            roomNumber: 'lobby',
            content: 'hi',
            contentType: 'text',
            createTime: 1_700_000_000_000,
            ...extra,
          },
        },
      },
      ...extra,
    }),
    echo: {
      status: 1,
      msg: 'Message',
      resultBody: {
        msgType: 3,
        textData: {
          dataType: 3,
          data: { id: 'm-1', from: ALICE, roomNumber: 'lobby', content: 'hello', contentType: 'text' },
        },
      },
    },
    unknown: text({ msgType: 77, textData: { dataType: 1, data: {} } }),
    broken: '{"msgType":2,"textData":{"dataType":1,"data":{}}}',
    complaint: /"status":0/,
  },
  {
    dialect: 'ourchat',
    hello: text({
      type: 'USER_LIST',
      onlineUsers: [{ userId: 1, nickname: 'Alice' }],
      offlineUsers: [],
      onlineCount: 1,
    }),
    opening: [],
    up: (extra) => ({
      type: 'CHAT',
      fromUserId: 1,
      fromNickname: 'Alice',
      toUserId: null,
      toNickname: null,
      content: 'hello',
      messageType: 'GROUP',
      createTime: null,
      ...extra,
    }),
    down: (extra) => ({
      type: 'CHAT',
      fromUserId: 2,
      fromNickname: 'Bob',
      toUserId: null,
      toNickname: null,
      content: 'hi',
      messageType: 'GROUP',
      createTime: '2025-12-14T10:30:00',
      ...extra,
    }),
    unknown: text({ type: 'TYPING', userId: 1 }),
    broken: '{"type":"CHAT","fromUserId":1}',
    complaint: /"type":"ERROR"/,
  },
];
