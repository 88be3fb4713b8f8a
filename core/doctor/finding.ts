/** What the doctor found out: one finding for each check, in the order in which they were made. */

/** What can be checked; the names are for scripts too and do not change. */
export const CHECKS = {
  certificate: 'the certificate is valid, and for some time to come',
  health: '/healthz answers',
  ready: '/readyz says that the gateway is ready',
  clock: 'the clocks of gateway and doctor agree, as tokens need it',
  'wrong-path': 'a path that is not configured is answered with 404',
  upgrade: 'the path is there and takes WebSocket connections',
  subprotocol: "the dialect's subprotocol is chosen",
  ping: 'a WebSocket ping is answered',
  close: 'the closing handshake is answered',
  origin: 'pages of other origins are refused',
  sockjs: 'SockJS is served',
  login: 'a good login is accepted',
  upstream: 'the server behind lets clients in',
  heartbeat: "the dialect's own heartbeat is answered",
  send: 'a message is acknowledged',
  receive: 'it arrives as it was sent, once',
  duplicate: 'the same message sent again does not arrive again',
  'bad-frame': "a broken frame is answered in the dialect's words",
  binary: 'a binary message is refused where text is spoken',
  oversize: 'a frame over the limit ends its connection, and no other',
  'bad-login': "a bad login is refused in the dialect's words",
} as const;

export type CheckName = keyof typeof CHECKS;

export interface Verdict {
  readonly result: 'pass' | 'fail' | 'skip';
  /** What was seen, or why nothing was looked at. One line, without secrets. */
  readonly reason: string;
  /** What to do. */
  readonly remedy?: string;
}

export interface Finding extends Verdict {
  readonly check: CheckName;
  /** Path and dialect of the endpoint; missing where it is about the whole gateway. */
  readonly endpoint?: string;
  readonly dialect?: string;
}

export const pass = (reason: string): Verdict => ({ result: 'pass', reason });
export const fail = (reason: string, remedy: string): Verdict => ({ result: 'fail', reason, remedy });
export const skip = (reason: string, remedy?: string): Verdict =>
  remedy === undefined ? { result: 'skip', reason } : { result: 'skip', reason, remedy };

/** Where checks put what they find. */
export type Note = (check: CheckName, verdict: Verdict) => void;

/** What came from outside, fit for one line of a terminal. */
export function quote(text: string, most = 120): string {
  const line = JSON.stringify(text.toWellFormed())
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replace(/[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '\ufffd');
  return line.length > most ? `${line.slice(0, most)}…`.toWellFormed() : line;
}

/** A duration for people. */
export const inMs = (ms: number): string => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`);
