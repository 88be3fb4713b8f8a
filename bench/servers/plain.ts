/** The least that one can write with `ws`: each message goes to each receiver by `send`, unread. */
import type { WebSocket } from 'ws';
import { webSocketServer } from './listening.ts';
import { routes } from './routes.ts';

const everybody = routes<WebSocket>();

webSocketServer().on('connection', (socket, request) => {
  const own = everybody.join(request.url ?? '/', socket);
  socket.on('message', (message, isBinary) => {
    for (const receiver of own.audience()) {
      if (receiver !== socket) receiver.send(message, { binary: isBinary });
    }
  });
  socket.on('close', () => everybody.leave(own, socket));
  socket.on('error', () => {});
});
