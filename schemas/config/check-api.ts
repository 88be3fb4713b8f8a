/** Checks of the API's keys: no two of a name, no two with one secret. */
import { type CheckContext, claim, field, list, quote, text } from './reading.ts';

export function checkApi(config: unknown, { report }: CheckContext): void {
  const names = new Map<string, number>();
  const secrets = new Map<string, number>();
  for (const [index, key] of list(field(config, 'api'), 'keys').entries()) {
    const name = text(key, 'name');
    const secret = text(key, 'secret');
    if (name !== undefined) {
      const first = claim(names, [name], index);
      if (first !== undefined) {
        report(
          ['api', 'keys', index, 'name'],
          `the name ${quote(name)} is taken by keys[${first}]; each key needs one of its own`,
        );
      }
    }
    if (secret !== undefined) {
      const first = claim(secrets, [secret], index);
      if (first !== undefined) {
        report(['api', 'keys', index, 'secret'], `is the secret of keys[${first}] too; make another one`);
      }
    }
  }
}
