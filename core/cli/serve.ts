/** `dragoman start`: runs the gateway until it is told to stop. */
import pino, { type Logger } from 'pino';
import type { Config } from '../../schemas/config.ts';
import type { AnyDialect } from '../dialect.ts';
import { Gateway } from '../server/gateway.ts';
import { CommandFailure } from './failure.ts';
import type { StartContext } from './program.ts';
import { openStore } from './store.ts';

function loggerFor({ level, pretty }: Config['log']): Logger {
  const readable = pretty === 'auto' ? process.stdout.isTTY === true : pretty;
  if (!readable) return pino({ level });
  return pino({ level, transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname' } } });
}

/** Resolves once the gateway has stopped in good order after SIGINT or SIGTERM; a second signal ends at once. */
export async function serve(
  config: Config,
  context: StartContext,
  dialects: readonly AnyDialect[],
): Promise<void> {
  const log = loggerFor(config.log);
  for (const warning of context.warnings) log.warn(warning);
  const store = await openStore(config);
  const gateway = await Gateway.create({
    config,
    dialects,
    store: store.messages,
    identities: store.identities,
    directoryStore: store.directory,
    storeHealth: () => store.health(),
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
  const reload = (): void => void gateway.reloadCertificate();
  process.on('SIGHUP', reload);
  await stopSignal(log);
  process.off('SIGHUP', reload);
  log.info('stopping: every client is told');
  await gateway.close();
  await store.close();
  log.info('stopped');
}

function announce(gateway: Gateway, config: Config, { file }: StartContext, log: Logger): void {
  const base = (gateway.address ?? '').replace(/^http/, 'ws');
  const width = Math.max(...gateway.hub.endpoints.map(({ path }) => path.length));
  const lines = gateway.hub.endpoints.map(({ path, dialect, config: { auth, sockjs } }) => {
    const login = auth === 'none' ? 'no login' : `login: ${auth.join(', ')}`;
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

/** Resolves at the first SIGINT or SIGTERM. The next one ends the process without further ado. */
function stopSignal(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      log.info({ signal }, 'signal received');
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      process.once('SIGINT', () => process.exit(130));
      process.once('SIGTERM', () => process.exit(143));
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}
