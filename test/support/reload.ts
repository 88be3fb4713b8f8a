/** A gateway of the tests whose configuration file can be written anew. */
import { expect } from 'vitest';
import { dialects } from '../../adapters/index.ts';
import { parseConfig } from '../../core/config/load.ts';
import type { ReloadOutcome } from '../../core/operator.ts';
import { type ApiGateway, apiYaml, startApiGateway } from './api.ts';
import { DEFAULT_YAML, type TestGatewayOptions } from './gateway.ts';

export interface ReloadableGateway extends ApiGateway {
  /** The text of the file, as it is now. */
  readonly file: { text: string };
  /** Changes the file and has it read. */
  change(edit: (text: string) => string): Promise<ReloadOutcome>;
  /** The same; fails unless the reload changed something. */
  take(edit: (text: string) => string): Promise<void>;
}

/** Listens with the API open to everything; goodbyes of a reload come at once. */
export async function startReloadable(
  options: TestGatewayOptions & { readonly api?: string } = {},
): Promise<ReloadableGateway> {
  const { edit = (text: string) => text, yaml = DEFAULT_YAML, api = apiYaml() } = options;
  const file = { text: edit(`${yaml}\ndrain: { window: 0ms, timeout: 5s }\n`) + api };
  const parse = (text: string) => parseConfig(text, { file: 'gateway.yaml', dialects, environment: {} });
  const gateway = await startApiGateway({
    ...options,
    yaml: file.text,
    edit: (text) => text,
    api: '',
    source: { read: () => parse(file.text), parse },
  });
  const change = (edited: (text: string) => string): Promise<ReloadOutcome> => {
    file.text = edited(file.text);
    return gateway.gateway.reload();
  };
  return {
    ...gateway,
    file,
    change,
    take: async (edited) =>
      expect(await change(edited)).toEqual({ outcome: 'reloaded', steps: expect.any(Array) }),
  };
}
