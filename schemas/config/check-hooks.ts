/** Checks of the hooks: the choice that has no default, and the endpoints and namespaces that they name. */
import { type CheckContext, field, keys, list, namespaceOf, type Path, quote, text } from './reading.ts';
import { didYouMean } from './suggest.ts';

export function checkHooks(config: unknown, context: CheckContext): void {
  const hooks = field(config, 'hooks');
  const authenticators = field(config, 'authenticators');
  const endpoints = list(config, 'endpoints');
  const paths = endpoints.flatMap((endpoint) => text(endpoint, 'path') ?? []);
  const namespaces = new Set(endpoints.map(namespaceOf));
  for (const name of keys(hooks)) {
    const hook = field(hooks, name);
    const path = ['hooks', name];
    if (field(authenticators, name) !== undefined) {
      context.report(
        path,
        `the name ${quote(name)} is an authenticator's: metrics and log could not tell them apart`,
      );
    }
    checkFailure(hook, path, context);
    checkNames(hook, [...path, 'endpoints'], new Set(paths), context);
    checkHubOnly(hook, path, endpoints, context);
    checkNames(hook, [...path, 'namespaces'], namespaces, context);
  }
}

/** Nobody but the operator can know whether an unanswered message is better sent or refused. */
function checkFailure(hook: unknown, path: Path, { report }: CheckContext): void {
  const isAsked = list(hook, 'events').includes('before_message');
  const choice = field(hook, 'onFailure');
  if (isAsked && choice === undefined) {
    report([...path, 'onFailure'], 'expected "open" or "closed": before_message has no default for it');
  }
  if (!isAsked && choice !== undefined && list(hook, 'events').length > 0) {
    report([...path, 'onFailure'], 'decides about before_message, which is not among the events');
  }
}

/** The messages of a bridge are the server's behind it. */
function checkHubOnly(
  hook: unknown,
  path: Path,
  endpoints: readonly unknown[],
  { report }: CheckContext,
): void {
  for (const [index, name] of list(hook, 'endpoints').entries()) {
    const endpoint = endpoints.find((each) => text(each, 'path') === name);
    if (field(endpoint, 'upstream') === undefined) continue;
    report(
      [...path, 'endpoints', index],
      `${quote(String(name))} has an upstream: hooks are for endpoints without`,
    );
  }
}

function checkNames(hook: unknown, path: Path, known: ReadonlySet<string>, { report }: CheckContext): void {
  const section = String(path.at(-1));
  const what = section === 'endpoints' ? 'endpoint with the path' : 'endpoint in the namespace';
  for (const [index, name] of list(hook, section).entries()) {
    if (typeof name !== 'string' || known.has(name)) continue;
    report([...path, index], `there is no ${what} ${quote(name)}${didYouMean(name, known)}`);
  }
}
