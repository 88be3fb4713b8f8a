/**
 * A chat client for any dialect of text frames: sends each line that is typed and prints what comes. Like the
 * clients in the field it connects again when it is cut off, and says its first words again.
 * Node 22 or later, no packages.
 *
 *   node client.mjs <url> [first words]
 */
import { createInterface } from 'node:readline';

const print = (line) => process.stdout.write(`${line}\n`);
const RETRY_MS = 250;
const [url, firstWords] = process.argv.slice(2);
let socket;

function connect() {
  let isOpen = false;
  socket = new WebSocket(url);
  socket.onopen = () => {
    isOpen = true;
    print('[connected]');
    if (firstWords !== undefined) socket.send(firstWords);
  };
  socket.onmessage = ({ data }) => print(data);
  socket.onclose = ({ code }) => {
    if (isOpen) print(`[closed with ${code}]`);
    setTimeout(connect, RETRY_MS);
  };
}

const keyboard = createInterface({ input: process.stdin });
keyboard.on('line', (line) => {
  if (socket.readyState === WebSocket.OPEN) socket.send(line);
  else print('[not connected: nothing is sent]');
});
keyboard.on('close', () => process.exit()); // Ctrl-D, Ctrl-C
connect();
