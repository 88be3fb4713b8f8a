/** A bus within one process: for a single node, and for tests with several. */
import type { Bus, Envelope } from './port.ts';

export class MemoryBus implements Bus {
  readonly #listeners = new Map<string, (envelope: Envelope) => void>();

  publish(envelope: Envelope): void {
    if (this.#listeners.size < 2) return;
    queueMicrotask(() => {
      for (const [node, listener] of this.#listeners) {
        if (node !== envelope.node) listener(envelope);
      }
    });
  }

  subscribe(node: string, listener: (envelope: Envelope) => void): () => void {
    this.#listeners.set(node, listener);
    return () => this.#listeners.delete(node);
  }
}
