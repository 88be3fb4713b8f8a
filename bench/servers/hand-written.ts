/**
 * What one would write by hand for one dialect: parse, check, stringify once, `send` to each receiver, ack to the
 * sender. Nothing is stored.
 */
import type { WebSocket } from 'ws';
import { webSocketServer } from './listening.ts';
import { routes } from './routes.ts';

const MAX_CONTENT = 10_000;
const everybody = routes<WebSocket>();

interface ClientMessage {
  readonly id: string;
  readonly fromId: string;
  readonly toId: string;
  readonly chatType: 'single' | 'group';
  readonly content: string;
}

const isId = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= 256;

/** The message in a frame, or what is wrong with it. */
function read(text: string): ClientMessage | string {
  let frame: { readonly type?: unknown; readonly data?: Partial<Record<keyof ClientMessage, unknown>> };
  try {
    frame = JSON.parse(text);
  } catch {
    return 'not JSON';
  }
  const { type, data } = frame;
  if (type !== 'message' || typeof data !== 'object' || data === null) return 'unknown type';
  const { id, fromId, toId, chatType, content } = data;
  if (!isId(id) || !isId(fromId) || !isId(toId)) return 'a field is missing';
  if (chatType !== 'single' && chatType !== 'group') return 'unknown chatType';
  if (typeof content !== 'string' || content.length > MAX_CONTENT) return 'bad content';
  return { id, fromId, toId, chatType, content };
}

const delivered = (message: ClientMessage): string =>
  JSON.stringify({
    type: 'message',
    data: {
      id: message.id,
      fromId: message.fromId,
      toId: message.toId,
      chatType: message.chatType,
      content: message.content,
      timestamp: Date.now(),
      contentType: 'text',
      replyTo: '',
      imageUrl: '',
      from_name: message.fromId,
      from_avatar: '',
    },
  });

webSocketServer().on('connection', (socket, request) => {
  const own = everybody.join(request.url ?? '/', socket);
  const tell = (frame: object): void => socket.send(JSON.stringify(frame));
  socket.on('message', (data) => {
    const message = read(String(data));
    if (typeof message === 'string') return tell({ type: 'error', data: { message } });
    if (message.fromId !== own.user) return tell({ type: 'error', data: { message: 'not your name' } });
    const audience = everybody.find(message.toId);
    if (message.chatType === 'group' && !audience.has(socket)) {
      return tell({ type: 'error', data: { message: 'not a member', messageId: message.id } });
    }
    const text = delivered(message);
    for (const receiver of audience) {
      if (receiver !== socket && receiver.readyState === receiver.OPEN) receiver.send(text);
    }
    tell({ type: 'ack', data: { id: message.id, status: 'success' } });
  });
  socket.on('close', () => everybody.leave(own, socket));
  socket.on('error', () => {});
});
