/** At shutdown every client hears its dialect's goodbye and is closed with 1012 [DIALECTS, For all of them]. */
import { describe, expect, it } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { connectRaw } from '../support/raw-client.ts';
import { everySpeaker } from '../support/speakers.ts';

const GOODBYE: Readonly<Record<string, RegExp>> = {
  ourchat: /"type":"ERROR","code":1090/,
};

describe.each(everySpeaker)('when the gateway closes, a $dialect client', (speaker) => {
  it('is told and closed with 1012', async () => {
    await using gateway = await startGateway();
    const alice = await speaker.enter(gateway, 'alice');
    await gateway.stop();
    expect((await alice.closed).code).toBe(1012);
    const goodbye = GOODBYE[speaker.dialect];
    if (goodbye !== undefined) expect(alice.received.at(-1)).toMatch(goodbye);
  });
});

it('clients that have not logged in, do not read or do not answer are ended too, and nothing is left', async () => {
  const gateway = await startGateway({ edit: (yaml) => `${yaml}\nlimits: { closeTimeout: 100ms }\n` });
  const { hub } = gateway.gateway;
  const stranger = await connectRaw(`${gateway.ws}/ws/json`);
  const deaf = await connectRaw(await gateway.url('/ws/json', 'bob'));
  deaf.socket.pause();
  await gateway.stop();
  expect((await stranger.closed).code).toBe(1012);
  deaf.terminate();
  expect([hub.connections.size, hub.wheel.size]).toEqual([0, 0]);
  expect(hub.endpoints.map(({ connections }) => connections.size)).toEqual([0, 0, 0, 0, 0]);
  await expect(connectRaw(`${gateway.ws}/ws/json`)).rejects.toThrow('ECONNREFUSED');
});
