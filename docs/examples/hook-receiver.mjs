/**
 * A receiver of hooks: Node 20 or later, no packages.
 *
 *   HOOK_SECRET=whsec_… PORT=3000 node hook-receiver.mjs
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

/** How old a request may be, and how far the two clocks may differ. */
const WINDOW_SECONDS = 300;
const MAX_BODY_BYTES = 1024 * 1024;

/** What the business wants. Gives the answer's JSON, or undefined for an empty answer. */
function decide(type, data) {
  if (type !== 'before_message') return undefined; // after_message, presence: take note, any 2xx will do
  if (data.content.includes('casino')) return { action: 'refuse', code: 'forbidden', text: 'no advertising' };
  if (data.content.includes('damn')) {
    return { action: 'change', content: data.content.replaceAll('damn', '****') };
  }
  return { action: 'allow' };
}

/** Tells whether a request is the gateway's, recent, and not one that was seen before. */
export function makeVerifier(secret, now = Date.now) {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
  // Anybody can sign with no secret at all.
  if (key.length < 24) throw new Error('the secret (HOOK_SECRET) has to be at least 24 bytes');
  const seen = new Map(); // signature -> when it may be forgotten, epoch seconds

  return function verify(headers, body) {
    const id = headers['webhook-id'] ?? '';
    const timestamp = headers['webhook-timestamp'] ?? '';
    const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
    const expected = createHmac('sha256', key).update(signed).digest();
    // One signature for each secret of the gateway, so that a secret can be changed.
    const given = (headers['webhook-signature'] ?? '').split(' ');
    const isOurs = given.some((signature) => {
      const bytes = Buffer.from(signature.startsWith('v1,') ? signature.slice(3) : '', 'base64');
      return bytes.length === expected.length && timingSafeEqual(bytes, expected);
    });
    if (!isOurs) return 'forged';

    const seconds = Math.floor(now() / 1000);
    if (!/^\d{1,12}$/.test(timestamp) || Math.abs(seconds - Number(timestamp)) > WINDOW_SECONDS)
      return 'too old';

    // No two requests of the gateway are equal: a repeat has another `attempt` in its body.
    for (const [old, until] of seen) if (until < seconds) seen.delete(old);
    const signature = expected.toString('base64');
    if (seen.has(signature)) return 'replayed';
    seen.set(signature, Number(timestamp) + WINDOW_SECONDS);
    return 'good';
  };
}

/** The handler of an HTTP server. A repeat, which has the id of the first attempt, gets the same answer again. */
export function makeReceiver(secret, { handle = decide, now = Date.now } = {}) {
  const verify = makeVerifier(secret, now);
  const answers = new Map(); // id -> { answer, until }

  async function answerOnce(id, { type, data }) {
    for (const [old, { until }] of answers) if (until < now()) answers.delete(old);
    if (!answers.has(id)) {
      const answer = (async () => handle(type, data))();
      answers.set(id, { answer, until: now() + 2 * WINDOW_SECONDS * 1000 });
      // What failed may be tried again.
      answer.catch(() => answers.delete(id));
    }
    return answers.get(id).answer;
  }

  return async function receive(request, response) {
    try {
      const chunks = [];
      let length = 0;
      for await (const chunk of request) {
        length += chunk.length;
        if (length > MAX_BODY_BYTES) {
          response.writeHead(413, { connection: 'close' }).end();
          return;
        }
        chunks.push(chunk);
      }
      const body = Buffer.concat(chunks); // the bytes as they came: parsing and writing them again changes them
      const found = verify(request.headers, body);
      if (found !== 'good') {
        response.writeHead(found === 'replayed' ? 409 : 401).end(found);
        return;
      }
      const answer = await answerOnce(request.headers['webhook-id'], JSON.parse(body.toString()));
      if (answer === undefined) response.writeHead(204).end();
      else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    } catch {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    }
  };
}

if (process.argv[1] === import.meta.filename) {
  createServer(makeReceiver(process.env.HOOK_SECRET ?? '')).listen(
    Number(process.env.PORT ?? 3000),
    '127.0.0.1',
  );
}
