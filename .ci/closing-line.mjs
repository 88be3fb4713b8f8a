/** Prints one plain line from vitest's JSON report: what ran, whatever else the runner prints. */
import { readFileSync } from 'node:fs';

const [, , file] = process.argv;
const report = JSON.parse(readFileSync(file, 'utf8'));
// A file that fails outside its tests, in a hook or while it is loaded, has no failed test of its own.
const brokenFiles = report.testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
);
const failed = report.numFailedTests + brokenFiles.length;
const skipped = report.numPendingTests + report.numTodoTests;
process.stdout.write(
  `tests: ${report.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
);
if (report.numPassedTests === 0 || failed > 0) process.exitCode = 1;
