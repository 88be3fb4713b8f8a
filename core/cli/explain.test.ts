import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AnyDialect, defineDialect } from '../dialect.ts';
import { cutObjects } from '../frame-texts.ts';
import { parseJsonObject } from '../json-wire.ts';
import { frame, may, must, mustIf } from '../reference.ts';
import { type ExplainOptions, explainCommand } from './explain.ts';
import { CommandFailure } from './failure.ts';

const unused = () => {
  throw new Error('explain opens no connection');
};

const dialects: readonly AnyDialect[] = [
  defineDialect<unknown, object>({
    id: 'plain',
    title: 'A dialect of two frames',
    options: z.strictObject({}),
    subprotocols: [],
    text: 'string',
    defaults: { locale: 'en', identity: 'string', singleSession: false, silenceMs: null, closeCodes: {} },
    reference: {
      source: 'The plain paper',
      toldBy: ['type'],
      cut: cutObjects,
      read: parseJsonObject,
      frames: [
        frame({
          name: 'say',
          direction: 'client',
          when: [{ path: 'type', is: ['say'] }],
          meaning: 'Says something.',
          clause: 'S: 2.1',
          fields: [
            must('type', 'The kind.'),
            must('text', 'What is said.', { becomes: 'send_message.content' }),
            may('mood', 'How.', { values: { 1: 'gladly' } }),
            mustIf({ path: 'mood', is: [1] }, 'why', { meaning: 'The reason.' }),
          ],
        }),
        frame({
          name: 'hush',
          direction: 'server',
          when: [{ path: 'type', is: ['hush'] }],
          meaning: 'Be quiet.',
          clause: 'D: ours',
          fields: [must('type', 'The kind.')],
        }),
      ],
    },
    loginBy: 'frame',
    policy: unused,
    server: unused,
    client: unused,
  }),
];

interface Run {
  readonly out: string;
  readonly failure?: string;
}

async function run(input: string | Uint8Array, options: Partial<ExplainOptions> = {}): Promise<Run> {
  let out = '';
  const parts = {
    input: Readable.from([Buffer.from(input)]),
    out: (text: string) => {
      out += text;
    },
  };
  try {
    await explainCommand(parts, dialects, { dialect: 'plain', ...options });
    return { out };
  } catch (error) {
    if (error instanceof CommandFailure) return { out, failure: error.message };
    throw error;
  }
}

describe('dragoman explain', () => {
  it('prints a table per frame', async () => {
    expect(await run('{"type":"say","text":"hi","mood":1,"x":[1]}\n{"type":"hush"}\n')).toEqual({
      out: `say, sent by the client
  Says something. [S: 2.1]

  type  "say"    The kind.
                 required, [S: 2.1]
  text  "hi"     What is said.
                 required, canonical: send_message.content, [S: 2.1]
  mood  1        How.
                 here: gladly
                 optional, [S: 2.1]
  x     [1]      UNKNOWN: this frame has no such field
  why   MISSING  The reason.
                 required if mood is 1, [S: 2.1]

hush, sent by the server
  Be quiet. [D: ours]

  type  "hush"  The kind.
                required, [D: ours]
`,
    });
  });

  it('says why a frame cannot be explained, and explains the others', async () => {
    const { out, failure } = await run('{"type":"say"\n{"type":"hush"}\n{"type":"x"}\n');
    expect(out).toMatch(/^error: the frame cannot be read: not JSON .*\n {2}in: \{"type":"say"\n\nhush, /);
    expect(out).toContain('error: no frame of this dialect has type "x"');
    expect(failure).toBe('2 of 3 frames could not be explained');
    expect(await run('{"type":"hush"}', { direction: 'client' })).toMatchObject({
      out: expect.stringContaining('only a server sends this: hush'),
    });
  });

  it('prints JSON', async () => {
    const { out } = await run('{"type":"say","mood":2}\nno', { json: true });
    expect(JSON.parse(out)).toMatchObject([
      {
        explanations: [
          {
            name: 'say',
            direction: 'client',
            clause: 'S: 2.1',
            fields: [
              { state: 'known', path: 'type', value: 'say', meaning: 'The kind.', required: true },
              { state: 'wrong', path: 'mood', value: 2, fault: 'none of: 1' },
              { state: 'missing', path: 'text', becomes: 'send_message.content', clause: 'S: 2.1' },
            ],
          },
        ],
      },
      { wire: 'no', error: expect.stringContaining('not JSON') },
    ]);
  });

  it('lists the frames of a dialect, of one side if told to', async () => {
    expect((await run('', { list: true })).out).toBe(`source: The plain paper
S: the source states it; R: real clients or servers do it; D: ours

  say   client  Says something. [S: 2.1]
  hush  server  Be quiet. [D: ours]
`);
    const { out } = await run('', { list: true, json: true, direction: 'server' });
    expect(JSON.parse(out)).toMatchObject([{ name: 'hush', fields: [{ path: 'type' }] }]);
  });

  it('sends nothing to a terminal that it would obey', async () => {
    const text = '\u001b[2J\u009b1m\u202e\u0007';
    const { out } = await run(`${JSON.stringify({ type: 'say', text, [text]: 1 })}\n${text}`);
    expect(out).toContain('UNKNOWN');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });

  it('is plain about what it is given', async () => {
    expect((await run('')).failure).toBe('there is no frame on standard input');
    expect((await run(Uint8Array.of(0xff))).failure).toBe('standard input is not UTF-8 text');
    expect((await run(' '.repeat(17 * 1024 * 1024))).failure).toMatch(/more than 16777216 bytes/);
    expect((await run('', { dialect: 'none' })).failure).toBe('there is no dialect "none"; there are: plain');
  });
});
