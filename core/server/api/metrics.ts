/** What is counted of the API: requests by route, refusals by key, and what is remembered for repetitions. */
import { Counter, Gauge, type Registry } from 'prom-client';
import { add } from '../../metrics.ts';
import type { Idempotency } from './idempotency.ts';

export class ApiMetrics {
  /** By route template, method and status class, in one key. */
  readonly #requests = new Map<string, number>();
  readonly #refusals = new Map<string, number>();
  /** By kind, of which there are as many as in the table of problems. */
  readonly #problems = new Map<string, number>();

  request({
    route,
    method,
    status,
  }: {
    readonly route: string;
    readonly method: string;
    readonly status: number;
  }) {
    add(this.#requests, `${route} ${method} ${Math.floor(status / 100)}xx`);
  }

  problem(kind: string): void {
    add(this.#problems, kind);
  }

  rateRefusal(key: string): void {
    add(this.#refusals, key);
  }

  register(registry: Registry, idempotency: Idempotency): void {
    const requests = this.#requests;
    const refusals = this.#refusals;
    const problems = this.#problems;
    const registers = [registry];
    new Counter({
      name: 'dragoman_api_requests_total',
      help: 'Requests to the HTTP API, by route, method and class of status.',
      labelNames: ['route', 'method', 'status'],
      registers,
      collect() {
        this.reset();
        for (const [key, amount] of requests) {
          const [route = '', method = '', status = ''] = key.split(' ');
          this.inc({ route, method, status }, amount);
        }
      },
    });
    new Counter({
      name: 'dragoman_api_problems_total',
      help: 'Requests refused, by the kind of problem that they were told (api.limits.body: body_too_large).',
      labelNames: ['problem'],
      registers,
      collect() {
        this.reset();
        for (const [problem, amount] of problems) this.inc({ problem }, amount);
      },
    });
    new Counter({
      name: 'dragoman_api_rate_refusals_total',
      help: 'Requests refused because their key is used too often (api.limits.rate).',
      labelNames: ['key'],
      registers,
      collect() {
        this.reset();
        for (const [key, amount] of refusals) this.inc({ key }, amount);
      },
    });
    new Gauge({
      name: 'dragoman_api_idempotency_entries',
      help: 'Answers remembered for repeated requests (api.limits.idempotency.entries).',
      registers,
      collect() {
        this.set(idempotency.size);
      },
    });
    new Gauge({
      name: 'dragoman_api_idempotency_bytes',
      help: 'Their size (api.limits.idempotency.bytes).',
      registers,
      collect() {
        this.set(idempotency.bytes);
      },
    });
    const counter = (name: string, help: string, read: () => number) =>
      new Counter({
        name: `dragoman_api_idempotency_${name}_total`,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(read());
        },
      });
    counter('replays', 'Repeated requests answered alike.', () => idempotency.replays);
    counter('conflicts', 'Requests refused: another one had their key.', () => idempotency.conflicts);
    counter('evictions', 'Answers forgotten before their time.', () => idempotency.evicted);
  }
}
