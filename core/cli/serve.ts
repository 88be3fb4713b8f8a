/** `dragoman start`: runs the gateway until it is told to stop. */
import pino, { type Logger } from 'pino';
import type { Config } from '../../schemas/config.ts';
import { watched } from '../config/hidden.ts';
import { loadConfig, parseConfig } from '../config/load.ts';
import type { Environment } from '../config/substitute.ts';
import type { AnyDialect } from '../dialect.ts';
import { Gateway } from '../server/gateway.ts';
import { tuneEngine } from './engine.ts';
import { CommandFailure } from './failure.ts';
import type { StartContext } from './program.ts';
import { openStore } from './store.ts';

/** What problems of a text that came with a request are reported under. */
const PLANNED_FILE = 'planned.yaml';

export interface ServeParts {
  readonly dialects: readonly AnyDialect[];
  /** Of the first start and of every reload. */
  readonly environment: Environment;
}

function loggerFor({ level, pretty }: Config['log']): Logger {
  const readable = pretty === 'auto' ? process.stdout.isTTY === true : pretty;
  if (!readable) return pino({ level });
  return pino({ level, transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname' } } });
}

/**
 * Resolves once the gateway has stopped in good order after SIGINT or SIGTERM; a second signal ends at once. SIGHUP
 * reloads.
 */
export async function serve(
  config: Config,
  context: StartContext,
  { dialects, environment }: ServeParts,
): Promise<void> {
  tuneEngine();
  const log = loggerFor(config.log);
  const onHangUp = hangUps();
  for (const warning of context.warnings) log.warn(warning);
  const store = await openStore(config);
  const { file } = context;
  const gateway = await Gateway.create({
    config,
    source: {
      read: () => loadConfig(file, dialects, environment),
      parse: (text) => {
        const { environment: seen, hide } = watched(environment);
        return { ...parseConfig(text, { file: PLANNED_FILE, dialects, environment: seen }), hide };
      },
    },
    dialects,
    store: store.messages,
    identities: store.identities,
    directoryStore: store.directory,
    storeHealth: () => store.health(),
    storeMetrics: store.metrics,
    log,
  }).catch(async (error: unknown) => {
    const { error: fault } = store.health();
    await store.close();
    if (fault !== undefined)
      throw new CommandFailure(`cannot start: the data directory ${config.data} cannot be used: ${fault}`);
    throw new CommandFailure(`cannot start: ${error instanceof Error ? error.message : String(error)}`);
  });
  try {
    await gateway.listen();
  } catch (error) {
    await gateway.close();
    await store.close();
    const { code, message } = error as NodeJS.ErrnoException;
    const { host, port } = config.listen;
    throw new CommandFailure(
      code === 'EADDRINUSE'
        ? `port ${port} of ${host} is in use: stop what listens there, or choose another port (PORT=8081 npm start)`
        : `cannot listen on ${host}:${port}: ${message}`,
    );
  }
  announce(gateway, config, context, log);
  onHangUp(() => {
    gateway.reloadCertificate();
    // What comes of it is in the log.
    gateway.reload().catch(() => undefined);
  });
  const signal = await stopSignal(log);
  // Whoever presses Ctrl-C waits for it.
  const window = signal === 'SIGINT' ? 0 : gateway.hub.config.drain.window;
  log.info({ window }, 'stopping: every client is told');
  await gateway.close({ window });
  await store.close();
  log.info('stopped');
}

function announce(gateway: Gateway, config: Config, { file }: StartContext, log: Logger): void {
  const base = (gateway.address ?? '').replace(/^http/, 'ws');
  const width = Math.max(...gateway.hub.endpoints.map(({ path }) => path.length));
  const lines = gateway.hub.endpoints.map(({ path, dialect, config: { auth, sockjs } }) => {
    const login =
      auth === 'none'
        ? 'no login'
        : `login: ${auth === 'upstream' ? 'by the server behind' : auth.join(', ')}`;
    const transports = sockjs === false ? 'WebSocket' : 'WebSocket, SockJS';
    return `  ${base}${path.padEnd(width)}  ${dialect.id.padEnd(8)} ${transports}, ${login}`;
  });
  const first = gateway.hub.endpoints[0];
  process.stdout.write(
    [
      '',
      `Dragoman listens on ${gateway.address}   (configuration: ${file}, data: ${config.store === 'memory' ? 'in memory' : config.data})`,
      ...lines,
      '',
      '  a token for a user:   npx --no-install dragoman token alice',
      `  then connect to:      ${base}${first?.path ?? '/'}?token=<token>`,
      '  see it work:          npx --no-install dragoman demo',
      '  stop:                 Ctrl-C',
      '',
      '',
    ].join('\n'),
  );
  log.info({ address: gateway.address, endpoints: gateway.hub.endpoints.length }, 'listening');
}

/**
 * From now on to the very end SIGHUP does what is given, one that came before included: without a listener the signal
 * would end the process, and a store may take its time to open.
 */
function hangUps(): (act: () => void) => void {
  let isDue = false;
  let acts = (): void => {
    isDue = true;
  };
  process.on('SIGHUP', () => acts());
  return (act) => {
    acts = act;
    if (isDue) act();
  };
}

/** Resolves at the first SIGINT or SIGTERM. The next one ends the process without further ado. */
function stopSignal(log: Logger): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      log.info({ signal }, 'signal received');
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      process.once('SIGINT', () => process.exit(130));
      process.once('SIGTERM', () => process.exit(143));
      resolve(signal);
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}
