/**
 * The gateway with a store that syncs nothing: `node start-unsynced.ts <config>`. The product has no way to be
 * started like this. It shows that the test of the order of durability finds a missing sync.
 */
import { readFileSync } from 'node:fs';
import pino from 'pino';
import { dialects } from '../../adapters/index.ts';
import { storeLimits } from '../../core/cli/store.ts';
import { parseConfig } from '../../core/config/load.ts';
import { Gateway } from '../../core/server/gateway.ts';
import { openSqliteStore } from '../../core/store/sqlite.ts';

const file = process.argv[2] ?? '';
const { config, problems } = parseConfig(readFileSync(file, 'utf8'), { file, dialects, environment: {} });
if (config === undefined) throw new Error(JSON.stringify(problems));
const limits = storeLimits(config);
const store = await openSqliteStore({ directory: config.data, limits, synchronous: 'off' });
const gateway = await Gateway.create({
  config,
  dialects,
  store: store.messages,
  identities: store.identities,
  directoryStore: store.directory,
  storeHealth: () => store.health(),
  log: pino({ level: 'silent' }),
});
process.stdout.write(`listens on ${await gateway.listen()} \n`);
