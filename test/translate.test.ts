/** `dragoman translate` and `dragoman losses`, run as people run them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { dialects } from '../adapters/index.ts';

const PROGRAM = resolve(import.meta.dirname, '../bin/dragoman.mjs');

async function run(args: readonly string[], input = '') {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  // A program that has no use for its input may be gone before it is written.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code: code as number, out, err };
}

const CHAT = {
  type: 'message',
  data: {
    id: 'm1',
    fromId: 'u1',
    toId: 'g9',
    chatType: 'group',
    content: 'hi',
    contentType: 'text',
    replyTo: 'm0',
  },
};

describe('dragoman translate', () => {
  it('prints the canonical value, the frames and each loss', async () => {
    const { code, out, err } = await run(
      ['translate', '--from', 'json', '--to', 'room'],
      JSON.stringify(CHAT),
    );
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('frame 1: message (message)\n');
    expect(out).toContain('"type": "send_message"');
    expect(out).toContain('  room:\n    {"msgType":3,');
    expect(out).toContain('\n  lost: replyTo\n');
  });

  it('takes frames of several lines, with NULs written out', async () => {
    const { code, out } = await run(
      ['translate', '--from', 'stomp', '--to', 'json', '--direction', 'to-server'],
      'CONNECT\naccept-version:1.2\nhost:/\nAuthorization:Bearer t\n\n^@\n\nSUBSCRIBE\nid:1\ndestination:/topic/group/g1\n\n\\0\n',
    );
    expect(code).toBe(0);
    expect(out).toContain('frame 1: login (CONNECT)\n');
    expect(out).toContain('frame 2: message (SUBSCRIBE)\n');
    expect(out).toContain('  json: needs no frame\n');
  });

  it('shows a NUL as ^@, and nothing that a terminal would obey', async () => {
    const frame = JSON.stringify({ ...CHAT, data: { ...CHAT.data, content: 'a\u009bb' } });
    const { out } = await run(['translate', '--from', 'json', '--to', 'stomp'], frame);
    expect(out).toContain('}^@\n');
    expect(out).toContain('a\\u009bb');
    expect(out).not.toMatch(/[\0\u009b]/);
  });

  it('speaks JSON to programs', async () => {
    const input = `${JSON.stringify(CHAT)}\n{"type":"ping"}\n`;
    const { code, out } = await run(['translate', '--from', 'json', '--to', 'ourchat', '--json'], input);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      frames: [
        {
          kind: 'message',
          values: [{ value: { type: 'send_message' }, frames: [], losses: [{ path: '*', fate: 'lost' }] }],
        },
        { kind: 'heart_beat', answers: ['{"type":"pong"}'] },
      ],
      left: 0,
    });
  });

  it('ends with 1 after a frame that can not be read, and says why', async () => {
    const input = `{bad\n${JSON.stringify(CHAT)}\n`;
    const { code, out, err } = await run(['translate', '--from', 'json', '--to', 'stomp'], input);
    expect(code).toBe(1);
    expect(out).toContain('  error: frame_malformed: the frame cannot be read: not JSON\n');
    expect(out).toContain('frame 2: message');
    expect(err).toBe('1 of 2 frames could not be read\n');
  });

  it.each([
    [
      ['--from', 'jsno', '--to', 'stomp'],
      'there is no dialect "jsno"; did you mean "json"? there are: json, room,',
    ],
    [['--from', 'json', '--to', 'morse'], 'there is no dialect "morse"; there are: json, room,'],
    [['--from', 'json'], "required option '--to <dialect>'"],
    [['--from', 'json', '--to', 'room', '--direction', 'up'], 'Allowed choices are to-server, to-client'],
    [['--from', 'json', '--to', 'room'], 'there is no frame on standard input'],
  ])('refuses %j', async (args, reason) => {
    expect(await run(['translate', ...args])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining(reason),
    });
  });

  it('says how to paste, without naming a dialect', async () => {
    const { code, out } = await run(['translate', '--help']);
    expect(code).toBe(0);
    expect(out).toContain('^@ or \\0');
    expect(out).not.toMatch(/stomp|ourchat/);
  });
});

describe('dragoman losses', () => {
  const ids = dialects.map(({ id }) => id);

  it('prints all pairs in numbers', async () => {
    const { code, out } = await run(['losses']);
    expect(code).toBe(0);
    for (const id of ids)
      expect(out).toMatch(new RegExp(`^${id}( +\\d+ / \\d+ / \\d+){${ids.length}}$`, 'm'));
    const json = JSON.parse((await run(['losses', '--json'])).out) as readonly {
      readonly dialects: unknown;
    }[];
    expect(json.map(({ dialects: pair }) => pair)).toEqual(
      ids.flatMap((one) => ids.map((other) => [one, other])),
    );
  });

  it('prints one dialect', async () => {
    const { out } = await run(['losses', 'room']);
    expect(out).toMatch(/^room\n/);
    expect(out).toMatch(/^ {2}send_message: text to a user +lost$/m);
    expect(out).toMatch(/^ {2}send_message: text to the lobby +without replyTo$/m);
  });

  it('prints one pair, in full', async () => {
    const { out } = await run(['losses', 'json', 'ourchat']);
    expect(out).toMatch(/^json in front of ourchat\n/);
    expect(out).toMatch(/^ {2}send_message: text to another group +lost$/m);
    const table = JSON.parse((await run(['losses', 'json', 'ourchat', '--json'])).out);
    expect(table).toMatchObject({ dialects: ['json', 'ourchat'] });
    expect(table.rows[0]).toMatchObject({ name: 'authenticate', manner: 'frame', fates: expect.any(Object) });
  });

  it('refuses a dialect that there is not', async () => {
    expect(await run(['losses', 'json', 'stopm'])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('did you mean "stomp"?'),
    });
  });
});
