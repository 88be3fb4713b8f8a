/**
 * `dragoman demo`: a gateway in memory and a real client of each dialect. They meet in a group and in private, and
 * everything that they send and receive is shown as it is on the wire.
 */
import { readFileSync } from 'node:fs';
import pino from 'pino';
import { parse, stringify } from 'yaml';
import type { Config } from '../../schemas/config.ts';
import type { Target } from '../../schemas/model.ts';
import { parseConfig } from '../config/load.ts';
import { formatProblem } from '../config/problem.ts';
import type { AnyDialect } from '../dialect.ts';
import type { Hub } from '../hub.ts';
import { Gateway } from '../server/gateway.ts';
import { DemoClient, until } from './demo-client.ts';
import { type Block, heading, paragraph, sideBySide, wireLines } from './demo-table.ts';
import { CommandFailure } from './failure.ts';
import type { ProgramParts } from './program.ts';
import { openStore } from './store.ts';
import { mintToken } from './token.ts';

/** The show takes well under a second; if something hangs, it ends after this long, in ms. */
const DEADLINE_MS = 20_000;

/** The parts of a configuration file that the demo changes. */
interface Draft {
  endpoints: { path: string; dialect: string; auth: string }[];
  users: { id: string; name?: string }[];
  groups: { id: string; open?: boolean; members: string[] }[];
}

/** Runs the show. @throws CommandFailure if it can't go on */
export async function demo(
  parts: Pick<ProgramParts, 'defaultConfig' | 'environment' | 'out'>,
  dialects: readonly AnyDialect[],
): Promise<void> {
  const config = demoConfig(parts, dialects);
  const store = await openStore(config);
  const gateway = await Gateway.create({
    config,
    dialects,
    store: store.messages,
    identities: store.identities,
    directoryStore: store.directory,
    storeHealth: () => store.health(),
    log: pino({ level: config.log.level }),
  });
  const show = new Show(gateway.hub, config, parts.out);
  let closing: Promise<void> | undefined;
  try {
    const base = (await gateway.listen()).replace(/^http/, 'ws');
    await show.meet(base, dialects);
    await show.talkInGroup();
    await show.talkInPrivate();
    // Its goodbyes are part of the show.
    closing = gateway.close();
    await show.part();
  } finally {
    await (closing ?? gateway.close());
    await store.close();
    show.stop();
  }
}

/** The default configuration on a free port and in memory, with an endpoint and a user for each dialect. */
function demoConfig(
  { defaultConfig, environment }: Pick<ProgramParts, 'defaultConfig' | 'environment'>,
  dialects: readonly AnyDialect[],
): Config {
  const draft = parse(readFileSync(defaultConfig, 'utf8')) as Draft;
  const auth = draft.endpoints[0]?.auth ?? 'none';
  const served = new Set(draft.endpoints.map(({ dialect }) => dialect));
  for (const { id } of dialects) {
    if (!served.has(id)) draft.endpoints.push({ path: `/demo/${id}`, dialect: id, auth });
  }
  for (let index = draft.users.length; index < dialects.length; index++) {
    draft.users.push({ id: `guest-${index + 1}`, name: `Guest ${index + 1}` });
  }
  for (const group of draft.groups) {
    if (group.open === true) group.members = draft.users.slice(0, dialects.length).map(({ id }) => id);
  }
  const text = stringify({
    ...draft,
    listen: { host: '127.0.0.1', port: 0 },
    store: 'memory',
    log: { level: 'silent' },
  });
  const { config, problems } = parseConfig(text, { file: 'demo', dialects, environment });
  if (config === undefined) throw new CommandFailure(problems.map(formatProblem).join('\n'));
  return config;
}

class Show {
  readonly #hub: Hub;
  readonly #config: Config;
  readonly #print: (text: string) => void;
  readonly #clients: DemoClient[] = [];
  readonly #abort = new AbortController();
  readonly #deadline = setTimeout(() => this.#abort.abort(), DEADLINE_MS);

  constructor(hub: Hub, config: Config, out: (text: string) => void) {
    this.#hub = hub;
    this.#config = config;
    this.#print = (text) => out(`${text}\n\n`);
  }

  /** Everybody logs in, one after the other, and attends the group. */
  async meet(base: string, dialects: readonly AnyDialect[]): Promise<void> {
    const group = this.#group();
    this.#print(
      paragraph(
        `Dragoman listens on ${base}. ${dialects.length} clients connect, each in its own dialect, and meet in the group "${group.id}". Left: what a client sends. Right: what the clients receive. All of it is shown as it is on the wire; a NUL is written ^@.`,
      ),
    );
    for (const [index, dialect] of dialects.entries()) {
      const endpoint = this.#hub.endpoints.find((candidate) => candidate.dialect === dialect);
      const user = this.#hub.directory.find(group.namespace, this.#config.users[index]?.id ?? '')?.user;
      if (endpoint === undefined || user === undefined)
        throw new CommandFailure(`no place for ${dialect.id}`);
      const { token } = await mintToken(this.#config, { user: user.id, ttl: '10min' });
      const client = new DemoClient({ endpoint, user, token, base });
      this.#clients.push(client);
      await this.#until(`${dialect.id} to log in`, () => client.isReady);
      const answers = await this.#attend(client, group);
      this.#print(
        [
          heading(`${user.name} comes in by ${dialect.id}`),
          paragraph(dialect.title),
          sideBySide(
            [{ title: `connects to ${client.address}`, lines: client.sent.flatMap(wireLines) }],
            answers.length === 0
              ? [{ title: '', lines: ['(nothing answers the login)'] }]
              : [{ title: `${this.#name(client)} receives`, lines: answers.flatMap(wireLines) }],
          ),
        ].join('\n'),
      );
    }
  }

  /** Where the dialect has a word for attending, it is said. Gives what came until then. */
  async #attend(client: DemoClient, group: Target): Promise<readonly string[]> {
    const { policy } = client.endpoint;
    const refs: number[] = [];
    if (policy.inbox === 'subscribe') {
      refs.push(await this.#ask(client, { type: 'subscribe', target: { type: 'user', id: client.user.id } }));
    }
    if (policy.attendance === 'explicit') {
      refs.push(await this.#ask(client, { type: 'subscribe', target: { type: 'group', id: group.id } }));
    }
    await this.#until('the group to be attended', () => {
      const record = this.#hub.groups.find(client.user.namespace, group.id);
      return [...(record?.attending.values() ?? [])].some(({ user }) => user.id === client.user.id);
    });
    const greeting = client.received.filter(({ welcomes }) => welcomes);
    const answers = refs.map((ref) => client.answerTo(ref)).filter((wire) => wire !== undefined);
    return [...greeting.map(({ wire }) => wire), ...answers];
  }

  async #ask(client: DemoClient, command: Parameters<DemoClient['ask']>[0]): Promise<number> {
    const { ref } = client.ask(command);
    await this.#until(`an answer to ${command.type}`, () => client.outcome(ref) !== undefined);
    return ref;
  }

  async talkInGroup(): Promise<void> {
    const { id } = this.#group();
    for (const client of this.#clients) {
      const { user, endpoint } = client;
      const content = `${user.name} says hello by ${endpoint.dialect.id}`;
      const others = this.#clients.filter((other) => other !== client);
      await this.#say(client, { target: { type: 'group', id }, content, others });
    }
  }

  /** Each to the next one, past those whose dialect has no private messages. */
  async talkInPrivate(): Promise<void> {
    const mute = new Set<DemoClient>();
    for (const [index, client] of this.#clients.entries()) {
      const next = [...this.#clients.slice(index + 1), ...this.#clients.slice(0, index)];
      for (const other of next) {
        if (mute.has(other)) continue;
        const content = `${client.user.name} whispers to ${other.user.name}`;
        const target: Target = { type: 'user', id: other.user.id };
        const said = await this.#say(client, { target, content, others: [other] });
        if (said === 'sent') break;
        mute.add(said === 'unheard' ? other : client);
        if (said === 'unsaid') break;
      }
    }
  }

  async #say(
    client: DemoClient,
    message: { readonly target: Target; readonly content: string; readonly others: readonly DemoClient[] },
  ): Promise<'sent' | 'unheard' | 'unsaid'> {
    const { target, content, others } = message;
    const lossesBefore = new Map(others.map((other) => [other, lossesOf(other)]));
    const isLost = (other: DemoClient): boolean => lossesOf(other) > (lossesBefore.get(other) ?? 0);
    const { ref, sent } = client.ask({
      type: 'send_message',
      target,
      content,
      contentType: 'text',
      clientId: `demo-${this.#nextId++}`,
      claimedSender: client.user.id,
    });
    await this.#until('the message to be acknowledged', () => client.outcome(ref) !== undefined);
    const to = target.type === 'group' ? `the group "${target.id}"` : others[0]?.user.name;
    if (client.outcome(ref)?.ok !== true || sent.length === 0) {
      this.#print(`${heading(`${client.user.name} to ${to}`)}\n${this.#name(client)} has no words for it.`);
      return 'unsaid';
    }
    await this.#until('the message to arrive', () =>
      others.every((other) => other.messageWith(content) !== undefined || isLost(other)),
    );
    const answer = client.answerTo(ref);
    const received: Block[] = [];
    if (answer !== undefined)
      received.push({ title: `${this.#name(client)} receives`, lines: wireLines(answer) });
    for (const other of others) {
      const wire = other.messageWith(content);
      received.push(
        wire === undefined
          ? {
              title: '',
              lines: [
                `${this.#name(other)}: nothing. Its dialect has no words`,
                'for it, and the gateway counts it as lost.',
              ],
            }
          : { title: `${this.#name(other)} receives`, lines: wireLines(wire) },
      );
    }
    const left = [{ title: `${this.#name(client)} sends`, lines: sent.flatMap(wireLines) }];
    this.#print(`${heading(`${client.user.name} to ${to}`)}\n${sideBySide(left, received)}`);
    return others.every((other) => other.messageWith(content) === undefined) ? 'unheard' : 'sent';
  }
  #nextId = 1;

  /** The gateway shuts down, and says so to everybody. */
  async part(): Promise<void> {
    const clients = this.#clients.splice(0);
    await this.#until('the goodbyes', () => clients.every(({ closed }) => closed !== undefined));
    const blocks = clients.map((client): Block => {
      const { closed, goodbye } = client;
      const lines = goodbye === undefined ? [] : wireLines(goodbye);
      return {
        title: `${this.#name(client)} receives`,
        lines: [...lines, `[closed with ${closed?.code}${closed?.text === '' ? '' : ` ${closed?.text}`}]`],
      };
    });
    this.#print(`${heading('The gateway shuts down')}\n${sideBySide([], blocks)}`);
  }

  stop(): void {
    clearTimeout(this.#deadline);
    for (const client of this.#clients) client.close();
  }

  #name({ endpoint, user }: DemoClient): string {
    return `${endpoint.dialect.id} · ${user.name}`;
  }

  #group(): Target & { readonly namespace: string } {
    const group = this.#config.groups.find(({ open }) => open);
    if (group === undefined) throw new CommandFailure('the demo needs an open group in the configuration');
    return { type: 'group', id: group.id, namespace: group.namespace };
  }

  #until(what: string, isSo: () => boolean): Promise<void> {
    return until(what, isSo, { clients: this.#clients, signal: this.#abort.signal });
  }
}

/** How many messages a client's endpoint could not say at all. */
const lossesOf = ({ endpoint }: DemoClient): number => endpoint.metrics.losses.countOf('message', '*');
