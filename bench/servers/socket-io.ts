/** Socket.IO as its documentation shows it: rooms, and an event to a room. Nothing is checked or stored. */
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { listen } from './listening.ts';

interface Message {
  readonly type: string;
  readonly data: { readonly fromId: string; readonly toId: string; readonly [field: string]: unknown };
}

const server = createServer();
const io = new Server(server, { transports: ['websocket'], serveClient: false });

io.on('connection', (socket) => {
  const query = new URL(socket.request.url ?? '/', 'ws://localhost').searchParams;
  for (const name of ['user', 'group']) {
    const room = query.get(name);
    if (room !== null) void socket.join(room);
  }
  socket.on('message', ({ type, data }: Message) => {
    socket.to(data.toId).emit('message', {
      type,
      data: {
        ...data,
        timestamp: Date.now(),
        contentType: 'text',
        replyTo: '',
        imageUrl: '',
        from_name: data.fromId,
        from_avatar: '',
      },
    });
  });
});

listen(server);
