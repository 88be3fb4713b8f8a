/**
 * `docs/migrating.md` is carried out, block by block, as a reader would: each fenced block says by its info string
 * what it is. The program, the old service and the clients are processes of their own.
 *
 *   bash env              goes before every command
 *   bash run              a command that ends; `output` without a name is what it prints
 *   bash until            the same, repeated until it prints that
 *   bash terminal=NAME    a command that goes on, in the terminal of that name
 *   text output=NAME      what the terminal prints next, other lines between them ignored; `…` is anything
 *   json type=NAME        lines typed there
 *   text press=NAME       Ctrl-C there
 *   yaml file=NAME        a file
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fits, freePorts, lineFits, runToEnd, runUntil, Terminal } from './support/terminal.ts';

const root = resolve(import.meta.dirname, '..');
const text = readFileSync(join(root, 'docs/migrating.md'), 'utf8');

interface Block {
  readonly step: string;
  readonly line: number;
  readonly language: string;
  readonly words: ReadonlyMap<string, string>;
  readonly body: string;
}

function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let step = '';
  for (const [heading, title, info, body = ''] of markdownParts(markdown)) {
    if (title !== undefined) step = title;
    if (info === undefined) continue;
    const [language = '', ...words] = info.split(' ');
    blocks.push({
      step,
      line: markdown.slice(0, heading).split('\n').length,
      language,
      words: new Map(words.map((word) => [word.split('=')[0] ?? '', word.split('=')[1] ?? ''])),
      body,
    });
  }
  return blocks;
}

/** Headings and fenced blocks, in order. */
const markdownParts = (markdown: string) =>
  [...markdown.matchAll(/^## (.*)$|^```([a-z].*)\n([\s\S]*?)\n```$/gm)].map(
    ({ index, 1: title, 2: info, 3: body }) => [index, title, info, body] as const,
  );

const blocks = blocksOf(text);
const steps = [...new Set(blocks.map(({ step }) => step))].filter((step) => step !== '');
const preamble = blocks.find(({ words }) => words.has('env'))?.body ?? '';

const folder = mkdtempSync(join(tmpdir(), 'dragoman-migrating-'));
const terminals = new Map<string, Terminal>();
let environment: NodeJS.ProcessEnv;
/** What the last command printed; undefined once it is compared. */
let printed: string | undefined;

function terminal(name: string): Terminal {
  const found = terminals.get(name);
  if (found === undefined) throw new Error(`the guide has not opened a terminal ${name}`);
  return found;
}

const shell = () => ({ preamble, cwd: folder, environment });

/** Carries out a block; `next` is the one after it. */
async function carryOut({ words, body }: Block, next: Block | undefined): Promise<void> {
  const named = (word: string): string | undefined => words.get(word) || undefined;
  const { file, open, type, press, output } = {
    file: named('file'),
    open: named('terminal'),
    type: named('type'),
    press: named('press'),
    output: named('output'),
  };
  if (words.has('env')) return;
  if (file !== undefined) writeFileSync(join(folder, file), `${body}\n`);
  else if (open !== undefined) terminals.set(open, Terminal.open(body, shell(), terminals.get(open)));
  else if (type !== undefined) terminal(type).type(body);
  else if (press !== undefined) await terminal(press).interrupt();
  else if (output !== undefined) {
    const skipped = await terminal(output).prints(body.split('\n'));
    if (words.has('uninterrupted')) {
      expect(skipped.filter((line) => lineFits(line, '[closed with …'))).toEqual([]);
    }
  } else if (words.has('output')) {
    expect(fits(printed?.split('\n') ?? [], body.split('\n')), `${printed}\nshould be\n${body}`).toBe(true);
    printed = undefined;
  } else if (words.has('run')) printed = await runToEnd(body, shell());
  else if (words.has('until')) printed = await runUntil(body, shell(), next?.body.split('\n') ?? []);
  else throw new Error(`nobody knows what to do with this block: ${body}`);
}

describe('docs/migrating.md', () => {
  beforeAll(async () => {
    const [chat, old] = await freePorts(2);
    environment = {
      ...process.env,
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      DRAGOMAN: root,
      CHAT_PORT: String(chat),
      OLD_PORT: String(old),
    };
  });
  afterAll(async () => {
    await Promise.all([...terminals.values()].map((one) => one.kill()));
    rmSync(folder, { recursive: true, force: true });
  });

  it('has steps, each with something to carry out', () => {
    expect(steps).toHaveLength(7);
    expect(preamble).toContain('CHAT_PORT');
  });

  let failed = false;
  it.each(steps)('%s', { timeout: 60_000 }, async (step) => {
    expect(failed, 'a step before this one failed').toBe(false);
    failed = true;
    for (const [index, block] of blocks.entries()) {
      if (block.step !== step) continue;
      await carryOut(block, blocks[index + 1]).catch((error: unknown) => {
        const all = [...terminals].map(([name, { screen }]) => `--- ${name}\n${screen}`).join('\n');
        throw new Error(`docs/migrating.md:${block.line}: ${(error as Error).message}\n${all}`, {
          cause: error,
        });
      });
    }
    failed = false;
  });
});
