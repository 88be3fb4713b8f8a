/** The command line. What a command needs of the rest of the program is handed in. */
import { Command, CommanderError } from 'commander';
import type { Config, ConfigDialect } from '../../schemas/config.ts';
import { configJsonSchema } from '../../schemas/publish.ts';
import type { Environment } from '../config/substitute.ts';
import { configWarnings } from '../config/warnings.ts';
import { configurationFor } from './configuration.ts';
import { CommandFailure } from './failure.ts';
import { mintToken } from './token.ts';

/** Where a configuration came from, and what should be said about it. */
export interface StartContext {
  readonly file: string;
  /** One sentence each, to be shown loudly. */
  readonly warnings: readonly string[];
}

export interface ProgramParts {
  readonly version: string;
  readonly dialects: readonly ConfigDialect[];
  readonly environment: Environment;
  /** The configuration that is taken where none is named. */
  readonly defaultConfig: string;
  /** Runs the gateway; resolves once it has stopped in good order. */
  start(config: Config, context: StartContext): Promise<void>;
  /** Shows clients of all dialects talking to each other; resolves at the end of the show. */
  demo(): Promise<void>;
  /** Standard output and standard error; the text ends its own lines. */
  out(text: string): void;
  err(text: string): void;
}

interface TokenOptions {
  readonly config: string;
  readonly ttl: string;
  readonly name?: string;
  readonly authenticator?: string;
}

/** The program with its five commands. Its actions throw `CommandFailure`; use `runProgram` to have them printed. */
export function buildProgram(parts: ProgramParts): Command {
  const { dialects, environment, defaultConfig, out, err } = parts;
  const program = new Command('dragoman')
    .description('A WebSocket gateway in which chat clients of different dialects talk to each other.')
    .version(parts.version)
    .exitOverride()
    .configureOutput({ writeOut: out, writeErr: err })
    .showHelpAfterError('(see dragoman --help)')
    .showSuggestionAfterError();

  program
    .command('start')
    .description('run the gateway until it is told to stop (Ctrl-C, SIGTERM)')
    .argument('[config]', 'the configuration, a YAML file', defaultConfig)
    .action(async (file: string) => {
      const config = configurationFor(file, dialects, environment);
      await parts.start(config, { file, warnings: configWarnings(config) });
    });

  program
    .command('check')
    .description(
      'check a configuration: every error as file:line:column path: what is wrong, what is allowed',
    )
    .argument('<config>', 'the configuration, a YAML file')
    .action((file: string) => {
      const config = configurationFor(file, dialects, environment);
      for (const warning of configWarnings(config)) err(`${file}: warning: ${warning}\n`);
      const { length } = config.endpoints;
      out(`${file}: ok, ${length === 1 ? '1 endpoint' : `${length} endpoints`}\n`);
    });

  program
    .command('schema')
    .description('print the JSON Schema of the configuration, for editors')
    .action(() => {
      out(`${JSON.stringify(configJsonSchema(dialects), null, 2)}\n`);
    });

  program
    .command('token')
    .description('print a token for a user, for development')
    .argument('<user>', 'the user id')
    .option('--config <file>', 'the configuration, a YAML file', defaultConfig)
    .option('--ttl <duration>', 'how long the token is good, such as 90s, 12h or "30 days"', '1 day')
    .option('--name <name>', 'what others see if the configuration does not list the user')
    .option('--authenticator <name>', 'the authenticator of the configuration to make it for')
    .action(async (user: string, { config: file, ttl, name, authenticator }: TokenOptions) => {
      const config = configurationFor(file, dialects, environment);
      const { token, warning } = await mintToken(config, {
        user,
        ttl,
        ...(name !== undefined && { name }),
        ...(authenticator !== undefined && { authenticator }),
      });
      if (warning !== undefined) err(`${warning}\n`);
      out(`${token}\n`);
    });

  program
    .command('demo')
    .description('start a gateway and one client of each dialect, and show who sends and receives what')
    .action(() => parts.demo());

  return program;
}

/** Runs a command; gives the exit code. Whatever goes wrong is printed, never thrown. */
export async function runProgram(parts: ProgramParts, args: readonly string[]): Promise<number> {
  try {
    await buildProgram(parts).parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    if (error instanceof CommandFailure) {
      parts.err(`${error.message}\n`);
      return error.exitCode;
    }
    parts.err(`dragoman: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  }
}
