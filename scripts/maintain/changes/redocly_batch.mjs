// Runs redocly in one process once for each command in a JSON file, because its start takes most of the time.
//
// usage: node redocly_batch.mjs PATH_OF_REDOCLY COMMANDS.json
//
// redocly reads process.argv when its main module is evaluated, and ends with process.exit. A query in its URL makes
// Node evaluate the module again. If redocly ever ends in another way, Node fails with status 13.
import { readFileSync, realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [redocly, commands] = process.argv.slice(2);
const main = new URL('../lib/index.js', pathToFileURL(realpathSync(redocly)));
const exit = process.exit;

for (const [number, command] of JSON.parse(readFileSync(commands, 'utf8')).entries()) {
  process.argv = [process.execPath, redocly, ...command];
  const status = await new Promise((resolve, reject) => {
    process.exit = resolve;
    import(`${main}?${number}`).catch(reject);
  });
  if (status) exit(status);
}
exit(0);
