/**
 * An old chat service to practise on: rooms, in a dialect of frames that its clients were shipped with.
 * Needs the package `ws`.
 *
 *   CHAT_SECRET=… node old-chat.mjs <port>          serves ws://127.0.0.1:<port>/chat; prints what users send (>) and get (<)
 *   CHAT_SECRET=… node old-chat.mjs token <user>    prints a token, as its login service would
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { WebSocketServer } from 'ws';

const print = (line) => process.stdout.write(`${line}\n`);
const secret = process.env.CHAT_SECRET ?? '';
const TOKEN_SECONDS = 24 * 3600;

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const signatureOf = (text) => createHmac('sha256', secret).update(text).digest('base64url');

/** A JSON Web Token, HS256. */
function tokenFor(user) {
  const now = Math.floor(Date.now() / 1000);
  const text = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded({ sub: user, iat: now, exp: now + TOKEN_SECONDS })}`;
  return `${text}.${signatureOf(text)}`;
}

/** The user that a token is for; undefined if it is not good. */
function userOf(token) {
  const [header, claims, signature = ''] = token.split('.');
  const given = Buffer.from(signature);
  const expected = Buffer.from(signatureOf(`${header}.${claims}`));
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const { sub, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString());
  return exp * 1000 > Date.now() ? sub : undefined;
}

const HEARTBEAT = 1;
const JOIN = 2;
const CHAT = 3;
const TYPING = 6; // not in the protocol's document: added later, by somebody

const rooms = new Map(); // room number -> Map of socket -> member

const say = (socket, reply) => {
  const frame = JSON.stringify(reply);
  print(`${socket.user} < ${frame}`);
  socket.send(frame);
};
const refuse = (socket, msg) => say(socket, { status: 0, msg, resultBody: '' });
const sayToAll = (room, reply) => {
  for (const socket of room.keys()) say(socket, reply);
};

function roomFrame(roomNumber, room, more) {
  const owner = { id: 'alice', nickName: 'Alice' };
  const about = {
    number: roomNumber,
    name: 'Lobby',
    desc: 'Everybody meets here',
    owner,
    createTime: 1597000000000,
  };
  return { msgType: 3, textData: { dataType: 1, data: { ...about, members: [...room.values()], ...more } } };
}

function join(socket, { from, roomNumber }) {
  const room = rooms.get(roomNumber) ?? new Map();
  rooms.set(roomNumber, room);
  const member = { id: socket.user, nickName: from?.nickName ?? socket.user };
  room.set(socket, member);
  const resultBody = roomFrame(roomNumber, room, { newJoinMember: member });
  sayToAll(room, { status: 1, msg: 'Join successfully', resultBody });
}

function chat(socket, data) {
  const room = rooms.get(data.roomNumber);
  const from = room?.get(socket);
  if (from === undefined) return refuse(socket, '请先加入该房间');
  // What a client says besides, such as a mood, goes to everybody.
  const textData = { dataType: 3, data: { ...data, from, createTime: Date.now() } };
  sayToAll(room, { status: 1, msg: 'Message', resultBody: { msgType: CHAT, textData } });
}

function typing(socket, { roomNumber }) {
  const room = rooms.get(roomNumber);
  const from = room?.get(socket);
  if (from === undefined) return refuse(socket, '请先加入该房间');
  const textData = { dataType: 1, data: { roomNumber, from } };
  for (const other of room.keys()) {
    if (other !== socket) say(other, { status: 1, msg: 'Typing', resultBody: { msgType: TYPING, textData } });
  }
}

function leaveAll(socket) {
  for (const [roomNumber, room] of rooms) {
    const member = room.get(socket);
    if (!room.delete(socket)) continue;
    const { textData, msgType } = roomFrame(roomNumber, room, { newLeaveMember: member });
    const resultBody = { msgType, textData: { ...textData, dataType: 2 } };
    sayToAll(room, { status: 1, msg: 'Leave successfully', resultBody });
  }
}

const HANDLERS = { [HEARTBEAT]: () => {}, [JOIN]: join, [CHAT]: chat, [TYPING]: typing };

function receive(socket, text) {
  print(`${socket.user} > ${text}`);
  try {
    const { msgType, textData } = JSON.parse(text);
    const handle = Object.hasOwn(HANDLERS, msgType) ? HANDLERS[msgType] : undefined;
    if (handle === undefined) refuse(socket, '未知的消息类型');
    else handle(socket, textData?.data ?? {});
  } catch {
    refuse(socket, '消息格式错误');
  }
}

function serve(port) {
  const server = new WebSocketServer({ host: '127.0.0.1', port, path: '/chat', maxPayload: 1024 * 1024 });
  server.on('listening', () => print(`the old chat listens on ws://127.0.0.1:${port}/chat`));
  server.on('connection', (socket, request) => {
    socket.on('error', () => {});
    const token = new URL(request.url, 'http://localhost').searchParams.get('token') ?? '';
    socket.user = userOf(token);
    if (socket.user === undefined) {
      socket.close(4001);
      return;
    }
    socket.on('message', (data) => receive(socket, data.toString()));
    socket.on('close', () => leaveAll(socket));
  });
}

const [command, user] = process.argv.slice(2);
if (command === 'token') print(tokenFor(user));
else serve(Number(command));
