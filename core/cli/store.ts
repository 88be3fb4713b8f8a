/** Opens the store that the configuration names. */
import type { Config } from '../../schemas/config.ts';
import { type DirectoryStore, MemoryDirectoryStore } from '../store/directory.ts';
import { MemoryMessageStore } from '../store/memory.ts';
import { MemoryIdentityMap } from '../store/memory-identity.ts';
import { MemoryStoreMetrics } from '../store/memory-metrics.ts';
import type { RegisteredMetrics } from '../store/metrics.ts';
import type { IdentityMap, MessageStore, StoreLimits } from '../store/port.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import { CommandFailure } from './failure.ts';

export interface OpenStore {
  readonly messages: MessageStore;
  readonly identities: IdentityMap;
  readonly directory: DirectoryStore;
  health(): { readonly ok: boolean; readonly error?: string };
  readonly metrics: RegisteredMetrics;
  close(): Promise<void>;
}

export function storeLimits({ limits }: Config): StoreLimits {
  return {
    backlogMessages: limits.backlog.messages,
    backlogBytes: limits.backlog.bytes,
    retentionMs: limits.backlog.age,
    deduplicationMs: limits.deduplication.window,
    queueEntries: limits.queue.entries,
    queueNames: limits.queue.names,
  };
}

/** @throws CommandFailure: the data directory is in use, not writable, or holds something else */
export async function openStore(config: Config): Promise<OpenStore> {
  const limits = storeLimits(config);
  if (config.store === 'memory') {
    const messages = new MemoryMessageStore({ limits, memory: config.limits.memory });
    return {
      messages,
      identities: new MemoryIdentityMap(),
      directory: new MemoryDirectoryStore(),
      health: () => messages.health(),
      metrics: new MemoryStoreMetrics(() => messages.usage()),
      close: () => messages.close(),
    };
  }
  try {
    return await openSqliteStore({ directory: config.data, limits });
  } catch (error) {
    throw new CommandFailure(error instanceof Error ? error.message : String(error));
  }
}
