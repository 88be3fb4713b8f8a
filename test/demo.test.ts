/** `dragoman demo`: what it shows is what is on the wire, in every dialect of the registry. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { dialects } from '../adapters/index.ts';
import { demo } from '../core/cli/demo.ts';
import type { AnyDialect } from '../core/dialect.ts';
import { toyDialect } from './fixtures/toy/index.ts';

const HOME = join(import.meta.dirname, '..');

async function shown(registry: readonly AnyDialect[]): Promise<string> {
  let text = '';
  const out = (more: string): void => {
    text += more;
  };
  await demo({ defaultConfig: join(HOME, 'config/dragoman.yaml'), environment: {}, out }, registry);
  return text;
}

/** The sections by title, each as the wire text by who sends or receives it, its line wraps undone. */
function readShow(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  for (const section of text.split(/^── /m).slice(1)) {
    const [title = '', ...rows] = section.split('\n');
    const blocks = new Map<string, string>();
    for (const side of [0, 1]) {
      let name = '';
      for (const row of rows) {
        const line = (row.split(/ ?│ ?/)[side] ?? '').trim();
        if (/ (sends|receives)$/.test(line)) name = line;
        else blocks.set(name, (blocks.get(name) ?? '') + line);
      }
    }
    sections.set(title.replace(/ ─+$/, ''), blocks);
  }
  return sections;
}

/** What differs from run to run: times, ids made by chance, the port. */
const masked = (text: string): string =>
  text
    .replace(/[0-9A-HJKMNP-TV-Z]{26}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<id>')
    .replace(/\b\d{13}\b|\d{4}-\d\d-\d\dT[\d:]{8}/g, '<time>')
    .replace(/127\.0\.0\.1:\d+/, '127.0.0.1:<port>');

const NAMES = ['json · Alice', 'room · Bob', 'socket · Carol', 'ourchat · Dave', 'stomp · Erin'];

/** How a content is said by each dialect, and how it is heard. */
const SAYS: readonly ((content: string) => readonly string[])[] = [
  (content) => ['{"type":"message","data":{"id":"demo-1","fromId":"alice"', `"content":"${content}"`],
  (content) => ['{"msgType":3,"textData":{"dataType":3,"data":{', `"content":"${content}"`],
  (content) => ['{"event":"message","channel":"group:lobby","data":{', `"content":"${content}"`],
  (content) => ['{"type":"CHAT","fromUserId":4,"toUserId":null', `"content":"${content}"`],
  (content) => ['SEND', 'destination:/app/chat.send', `"content":"${content}"}^@`],
];
const HEARS: readonly ((content: string) => readonly string[])[] = [
  (content) => ['{"type":"message","data":{', `"content":"${content}"`, '"from_name":'],
  (content) => ['{"status":1,"msg":"Message","resultBody":{"msgType":3', `"content":"${content}"`],
  (content) => ['{"event":"message","channel":"group:lobby","data":{"id":', `"content":"${content}"`],
  (content) => ['{"type":"CHAT","fromUserId":', '"fromNickname":', `"content":"${content}"`],
  (content) => [
    'MESSAGEsubscription:sub-4',
    'destination:/topic/group/lobby',
    `"content":"${content}"`,
    '^@',
  ],
];

describe('dragoman demo', () => {
  let text = '';
  let show: ReturnType<typeof readShow>;
  beforeAll(async () => {
    text = await shown(dialects);
    show = readShow(text);
  });

  it.each(dialects)('lets a client of $id in', ({ id, title }) => {
    expect([...show.keys()].some((heading) => heading.endsWith(` comes in by ${id}`))).toBe(true);
    expect(text).toContain(title);
  });

  it.each(NAMES.map((name, index) => [name, index] as const))(
    'shows what %s says to the group, and how each of the others hears it',
    (name, sender) => {
      const [dialect, user] = name.split(' · ');
      const content = `${user} says hello by ${dialect}`;
      const section = show.get(`${user} to the group "lobby"`);
      for (const part of SAYS[sender]?.(content) ?? []) expect(section?.get(`${name} sends`)).toContain(part);
      for (const [index, other] of NAMES.entries()) {
        if (index === sender) continue;
        for (const part of HEARS[index]?.(content) ?? []) {
          expect(section?.get(`${other} receives`)).toContain(part);
        }
      }
      expect(section?.has(`${name} receives`)).toBe(true);
    },
  );

  it('shows private messages from dialect to dialect', () => {
    expect(show.get('Erin to Alice')?.get('json · Alice receives')).toContain(
      '"chatType":"single","content":"Erin whispers to Alice"',
    );
    expect(show.get('Carol to Dave')?.get('ourchat · Dave receives')).toContain(
      '"toUserId":4,"toNickname":"Dave","content":"Carol whispers to Dave","messageType":"PRIVATE"',
    );
    expect(show.get('Dave to Erin')?.get('stomp · Erin receives')).toContain(
      'destination:/user/queue/messages',
    );
  });

  it('says what a dialect has no words for', () => {
    expect(text).toContain('room · Bob: nothing.');
    expect(text).toContain('room · Bob has no words for it.');
  });

  it('shows how each client is told that the gateway shuts down', () => {
    const end = show.get('The gateway shuts down');
    for (const name of NAMES) expect(end?.get(`${name} receives`)).toContain('[closed with 1012');
  });

  it('fits 100 columns and shows no token', () => {
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    expect(text).not.toMatch(/eyJ[\w-]+\./);
  });

  it('shows the same each time', async () => {
    expect(masked(await shown(dialects))).toBe(masked(text));
  });

  it('shows a sixth dialect as soon as the registry has it', async () => {
    const six = readShow(await shown([...dialects, toyDialect]));
    expect(six.get('Alice to the group "lobby"')?.get('toy · Frank receives')).toBe(
      'SAID demo-1 lobby alice Alice says hello by json',
    );
    expect(six.get('Frank to the group "lobby"')?.get('json · Alice receives')).toContain(
      '"content":"Frank says hello by toy"',
    );
  });

  it('is a command that ends by itself with 0 and prints nothing else', async () => {
    const node = join(HOME, 'node_modules/node/bin/node');
    const { stdout, stderr } = await promisify(execFile)(node, [join(HOME, 'bin/dragoman.mjs'), 'demo']);
    expect(stderr).toBe('');
    expect(masked(stdout)).toBe(masked(text));
  });
});
