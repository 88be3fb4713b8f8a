/** Loaded before a server whose memory is measured: SIGUSR2 collects garbage, so that only what is held is counted. */
const { gc } = globalThis as { readonly gc?: (options: object) => void };
if (gc === undefined) throw new Error('start with --expose-gc');
process.on('SIGUSR2', () => {
  // The last resort gives emptied pages back too: what logins needed for a moment is not what connections hold.
  gc({ type: 'major', flavor: 'last-resort', execution: 'sync' });
  gc({ type: 'major', flavor: 'last-resort', execution: 'sync' });
});
