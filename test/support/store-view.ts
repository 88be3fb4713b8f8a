/** What the gateway's store holds, for tests that must see behind the wire. */
import { vi } from 'vitest';
import type { StoreCallback } from '../../core/store/port.ts';
import type { Message } from '../../schemas/model.ts';
import type { TestGateway } from './gateway.ts';

function ask<Value>(question: (done: StoreCallback<Value>) => void): Promise<Value> {
  return new Promise((resolve, reject) => {
    question((outcome) => {
      if (outcome.ok) resolve(outcome.value);
      else reject(outcome.error);
    });
  });
}

/** Contents of a conversation of the namespace `main`, oldest first. */
export async function storedContents(
  gateway: TestGateway,
  conversation = 'group:lobby',
): Promise<readonly string[]> {
  const { store } = gateway.gateway.hub;
  const messages = await ask<readonly Message[]>((done) =>
    store.history({ namespace: 'main', conversation, limit: 1000 }, done),
  );
  return messages.map(({ content }) => content);
}

/** Contents of what a user of the namespace `main` would be given again. */
export async function missedBy(gateway: TestGateway, user: string): Promise<readonly string[]> {
  const { store } = gateway.gateway.hub;
  const page = await ask<{ readonly messages: readonly Message[] }>((done) =>
    store.missed({ namespace: 'main', user, limit: 1000 }, done),
  );
  return page.messages.map(({ content }) => content);
}

/** Waits until nothing is left that the user would be given again. */
export const hasConfirmedAll = (gateway: TestGateway, user: string): Promise<unknown> =>
  vi.waitUntil(async () => (await missedBy(gateway, user)).length === 0, { timeout: 15_000, interval: 5 });

/** The conversation of two users. */
export const between = (one: string, other: string): string =>
  `direct:${JSON.stringify([one, other].sort())}`;
