/** The command line. What a command needs of the rest of the program is handed in. */
import { Command, CommanderError, Option } from 'commander';
import type { Config, ConfigDialect } from '../../schemas/config.ts';
import { configJsonSchema } from '../../schemas/publish.ts';
import type { Environment } from '../config/substitute.ts';
import { configWarnings } from '../config/warnings.ts';
import { configurationFor } from './configuration.ts';
import { addDoctorCommand, type DoctorOptions } from './doctor-command.ts';
import type { ExplainOptions } from './explain.ts';
import { CommandFailure } from './failure.ts';
import type { LossesRequest } from './losses.ts';
import { mintToken } from './token.ts';
import type { TranslateOptions } from './translate.ts';
import { TRANSLATE_HELP } from './translate-help.ts';

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
  /** Explains the frames on standard input by the reference of their dialect. */
  explain(options: ExplainOptions): Promise<void>;
  /** Translates the frames on standard input from one dialect to another. */
  translate(options: TranslateOptions): Promise<void>;
  /** Prints what is lost in a dialect, or between two. */
  losses(request: LossesRequest): Promise<void>;
  /** Looks at a running gateway as its clients do; throws `CommandFailure` if something is wrong with it. */
  doctor(url: string | undefined, options: DoctorOptions): Promise<void>;
  /** Standard output and standard error; the text ends its own lines. */
  out(text: string): void;
  err(text: string): void;
}

interface PlanOptions {
  readonly url?: string;
  readonly key?: string;
  readonly json?: boolean;
}

interface TokenOptions {
  readonly config: string;
  readonly ttl: string;
  readonly name?: string;
  readonly authenticator?: string;
}

/** The program with its commands. Its actions throw `CommandFailure`; use `runProgram` to have them printed. */
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
    .command('plan')
    .description('say what a reload to a new configuration would do, and how many connections it would touch')
    .argument('<config>', 'the new configuration; or, with a second file, the old one')
    .argument('[new]', 'the new configuration: then no gateway is asked')
    .option(
      '--url <url>',
      'the gateway, or where its API listens (default: DRAGOMAN_URL, else http://127.0.0.1:8080)',
    )
    .option('--key <secret>', 'a key of its API with the scope admin:reload (default: DRAGOMAN_KEY)')
    .option('--json', 'print the steps as JSON')
    .action(async (file: string, second: string | undefined, options: PlanOptions) => {
      const { planCommand } = await import('./plan.ts');
      const files = second === undefined ? ([file] as const) : ([file, second] as const);
      await planCommand({ dialects, environment, out }, { ...options, files });
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

  program
    .command('explain')
    .description("say what each field of the frames on standard input means, by the dialect's own source")
    .requiredOption('--dialect <dialect>', 'the dialect of the frames')
    .addOption(
      new Option('--direction <sender>', 'who sent the frames, if that should not be found out').choices([
        'client',
        'server',
      ]),
    )
    .option('--list', 'list all frames of the dialect; nothing is read')
    .option('--json', 'print JSON')
    .action((options: ExplainOptions) => parts.explain(options));

  program
    .command('translate')
    .description('say what the frames on standard input become in another dialect, and what of them is lost')
    .requiredOption('--from <dialect>', 'the dialect of the frames')
    .requiredOption('--to <dialect>', 'the dialect to translate them to')
    .addOption(
      new Option('--direction <direction>', 'to-server: clients sent them; to-client: servers sent them')
        .choices(['to-server', 'to-client'])
        .default('to-server'),
    )
    .option('--user <id>', 'who is logged in (default: the sender or recipient in the frame, else alice)')
    .option('--group <id...>', 'groups that are attended from the beginning')
    .option('--json', 'print JSON')
    .addHelpText('after', TRANSLATE_HELP)
    .action((options: TranslateOptions) => parts.translate(options));

  program
    .command('losses')
    .description('print what is lost: all pairs of dialects in numbers, one dialect, or one pair in full')
    .argument('[from]', "the clients' dialect")
    .argument('[to]', 'the dialect of the server behind the gateway')
    .option('--json', 'print JSON')
    .action((from: string | undefined, to: string | undefined, { json }: { readonly json?: boolean }) =>
      parts.losses({ from, to, json }),
    );

  addDoctorCommand(program, defaultConfig, (url, options) => parts.doctor(url, options));

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
