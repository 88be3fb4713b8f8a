/** What is counted of the gateway's own life: reloads, the configuration in force, whether it is stopping. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Config } from '../../schemas/config.ts';
import { fingerprint } from '../config/fingerprint.ts';
import type { ReloadOutcome } from '../operator.ts';

/** `failed`: the store was not available, or the gateway was stopping. */
export type ReloadResult = ReloadOutcome['outcome'] | 'failed';
const RESULTS: readonly ReloadResult[] = ['reloaded', 'unchanged', 'invalid', 'refused', 'failed'];

export interface Operated {
  readonly config: () => Config;
  readonly isDraining: () => boolean;
  /** Connections of endpoints that a reload has taken out of service. */
  readonly leaving: () => number;
}

export class OperationMetrics {
  readonly #reloads = new Counter({
    name: 'dragoman_reloads_total',
    help: 'Reloads of the configuration that were asked for, by how they ended.',
    labelNames: ['outcome'],
    registers: [],
  });
  /** s since the epoch. */
  #takenAt = Date.now() / 1000;
  #told: { readonly config: Config; readonly hash: string } | undefined;

  constructor() {
    for (const outcome of RESULTS) this.#reloads.inc({ outcome }, 0);
  }

  reload(outcome: ReloadResult): void {
    this.#reloads.inc({ outcome });
    if (outcome === 'reloaded') this.#takenAt = Date.now() / 1000;
  }

  hashOf(config: Config): string {
    if (this.#told?.config !== config) this.#told = { config, hash: fingerprint(config) };
    return this.#told.hash;
  }

  register(registry: Registry, { config, isDraining, leaving }: Operated): void {
    registry.registerMetric(this.#reloads);
    const registers = [registry];
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name: `dragoman_${name}`,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    gauge(
      'config_last_reload_timestamp_seconds',
      'When the configuration in force was taken over: the start, or the last reload that changed something.',
      () => this.#takenAt,
    );
    const hash = () => this.hashOf(config());
    // Now rather than when somebody looks and others wait: of a long configuration it takes ms.
    hash();
    new Gauge({
      name: 'dragoman_config_info',
      help: '1 for the configuration in force, by the hash of what it says; secrets are no part of it.',
      labelNames: ['hash'],
      registers,
      collect() {
        this.reset();
        this.set({ hash: hash() }, 1);
      },
    });
    gauge('draining', '1 while the gateway is stopping.', () => (isDraining() ? 1 : 0));
    gauge(
      'leaving_connections',
      'Connections of endpoints that a reload has replaced or removed, and that have not gone yet.',
      leaving,
    );
  }
}
