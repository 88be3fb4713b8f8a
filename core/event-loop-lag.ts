/** How late the event loop is: what every client waits, whatever it asks. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';

/** How often the lag is measured, ms. A timer is never early: this much of each measurement is no lag. */
const RESOLUTION_MS = 10;
/** Least length of a window, ms: whoever looks more often sees the window before as well. */
const WINDOW_MS = 10_000;

const QUANTILES = [0.5, 0.99, 1] as const;

/** The greatest lags of a window by quantile, in seconds. */
export type Lags = Readonly<Record<(typeof QUANTILES)[number], number>>;

/** What is read of a histogram of delays, in ns. */
interface Measured {
  readonly count: number;
  percentile(percent: number): number;
  reset(): void;
}

const NONE: Lags = { 0.5: 0, 0.99: 0, 1: 0 };

/** Lags of the last window and of the one that has begun; the greater of both. */
export class LagWindow {
  readonly #histogram: Measured;
  readonly #now: () => number;
  #since: number;
  #before = NONE;

  /** `now` is monotonic ms. */
  constructor(histogram: Measured, now: () => number) {
    this.#histogram = histogram;
    this.#now = now;
    this.#since = now();
  }

  read(): Lags {
    const current = this.#histogram.count === 0 ? NONE : this.#current();
    const lags = greater(current, this.#before);
    if (this.#now() - this.#since >= WINDOW_MS) {
      this.#before = current;
      this.#since = this.#now();
      this.#histogram.reset();
    }
    return lags;
  }

  #current(): Lags {
    const lag = (quantile: number): number =>
      Math.max(0, this.#histogram.percentile(quantile * 100) / 1e9 - RESOLUTION_MS / 1000);
    return { 0.5: lag(0.5), 0.99: lag(0.99), 1: lag(1) };
  }
}

const greater = (one: Lags, other: Lags): Lags => ({
  0.5: Math.max(one[0.5], other[0.5]),
  0.99: Math.max(one[0.99], other[0.99]),
  1: Math.max(one[1], other[1]),
});

/** A process has one event loop, however many gateways. */
let shared: LagWindow | undefined;

function sharedWindow(): LagWindow {
  if (shared === undefined) {
    const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    histogram.enable();
    shared = new LagWindow(histogram, () => performance.now());
  }
  return shared;
}

export function registerEventLoopLag(registry: Registry): void {
  const window = sharedWindow();
  new Gauge({
    name: 'dragoman_event_loop_lag_seconds',
    help: 'How late the event loop was in the last 10 seconds or since the last look; the quantile 1 is the worst.',
    labelNames: ['quantile'],
    registers: [registry],
    collect() {
      const lags = window.read();
      for (const quantile of QUANTILES) this.set({ quantile: String(quantile) }, lags[quantile]);
    },
  });
}
