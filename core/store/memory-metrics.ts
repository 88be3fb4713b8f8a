/** How full the store in memory is. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { MemoryStoreUsage } from './memory.ts';
import type { RegisteredMetrics } from './metrics.ts';

export class MemoryStoreMetrics implements RegisteredMetrics {
  readonly #usage: () => MemoryStoreUsage;

  constructor(usage: () => MemoryStoreUsage) {
    this.#usage = usage;
  }

  register(registry: Registry): void {
    const usage = this.#usage;
    const gauge = (name: string, help: string, read: (usage: MemoryStoreUsage) => number): void => {
      new Gauge({
        name: `dragoman_store_memory_${name}`,
        help,
        registers: [registry],
        collect() {
          this.set(read(usage()));
        },
      });
    };
    gauge('bytes', 'What the store in memory takes (limits.memory).', ({ bytes }) => bytes);
    gauge('limit_bytes', 'What it may take.', ({ limit }) => limit);
    gauge('messages', 'Messages that can be found in it.', ({ messages }) => messages);
    new Counter({
      name: 'dragoman_store_memory_forgotten_total',
      help: 'Messages that nobody waited for and that went before limits.backlog.age, to make room.',
      registers: [registry],
      collect() {
        this.reset();
        this.inc(usage().forgotten);
      },
    });
  }
}
