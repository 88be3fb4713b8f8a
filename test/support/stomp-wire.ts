/** STOMP frames written and read by hand, apart from the adapter's codec. */
import type { TestGateway } from './gateway.ts';
import { connectRaw, type RawClient } from './raw-client.ts';

export interface StompWire {
  readonly command: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function stomp(command: string, headers: Readonly<Record<string, string>> = {}, body = ''): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  return `${command}\n${lines.join('')}\n${body}\0`;
}

/** A SEND to one of the chat's destinations. */
export const chat = (
  action: 'send' | 'revoke' | 'sync',
  body: object,
  headers: Readonly<Record<string, string>> = {},
): string => stomp('SEND', { destination: `/app/chat.${action}`, ...headers }, JSON.stringify(body));

/** Undefined for a heart-beat. The headers that these tests look at hold no escapes. */
export function readStomp(wire: string): StompWire | undefined {
  const end = wire.indexOf('\n\n');
  if (end < 0) return undefined;
  const [command = '', ...lines] = wire.slice(0, end).split('\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1)];
  });
  return {
    command,
    headers: Object.fromEntries(headers),
    body: wire.slice(end + 2, wire.lastIndexOf('\0')),
  };
}

/** The next frame that satisfies the test. */
export async function nextStomp(
  client: RawClient,
  test: (frame: StompWire) => boolean = () => true,
): Promise<StompWire> {
  const wire = await client.next((message) => {
    const frame = readStomp(message);
    return frame !== undefined && test(frame);
  });
  return readStomp(wire) as StompWire;
}

/** The next frame of this command; with `id`, the RECEIPT or ERROR that answers this receipt. */
export const nextCommand = (client: RawClient, command: string, id?: string): Promise<StompWire> =>
  nextStomp(
    client,
    (frame) => frame.command === command && (id === undefined || frame.headers['receipt-id'] === id),
  );

/** All frames of this command so far. */
export const framesOf = (client: RawClient, command: string): readonly StompWire[] =>
  client.received
    .map(readStomp)
    .filter((frame): frame is StompWire => frame !== undefined && frame.command === command);

/** Connects, logs in by the frame, and subscribes to the destinations: ids `sub-0`, `sub-1`, … */
export async function connectStomp(
  gateway: TestGateway,
  user: string,
  destinations: readonly string[] = [],
  path = '/ws/im',
): Promise<RawClient> {
  const client = await connectRaw(`${gateway.ws}${path}`, 'v12.stomp');
  const token = await gateway.token(user);
  client.send(stomp('CONNECT', { 'accept-version': '1.2', host: 'x', Authorization: `Bearer ${token}` }));
  await nextCommand(client, 'CONNECTED');
  for (const [index, destination] of destinations.entries()) {
    client.send(stomp('SUBSCRIBE', { id: `sub-${index}`, destination, receipt: `subscribed-${index}` }));
    await nextCommand(client, 'RECEIPT', `subscribed-${index}`);
  }
  return client;
}
