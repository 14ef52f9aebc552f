// Runs a TypeScript program of this repository after a look at the Node that it would run on:
// node scripts/guard.mjs scripts/start.ts [arguments]. Plain JavaScript, for any Node from 14 on.
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const oldest = 24;

/** @returns {string | undefined} one sentence that says what is wrong */
function problem() {
	if (!existsSync(join(root, "node_modules/.package-lock.json"))) {
		return 'Nothing is installed yet (does the npm setting "ignore-scripts" keep npm from doing it?): run "node scripts/setup.mjs" once, then try again.';
	}
	if (Number.parseInt(process.versions.node, 10) >= oldest) return undefined;
	const host = `${process.platform}-${process.arch}`;
	return existsSync(join(root, "node_modules/.bin/node"))
		? `This is Node ${process.versions.node}, and Allium needs ${oldest} or newer: use "npm start", "npm test" or "npm run …", which run the Node in node_modules.`
		: `This is Node ${process.versions.node}, and Allium needs ${oldest} or newer: npm installed none for ${host} (were optional dependencies left out?); run "npm ci --include=optional", or install Node ${oldest} or newer.`;
}

const sentence = problem();
const [, , program, ...rest] = process.argv;
if (sentence !== undefined) {
	console.error(sentence);
	process.exitCode = 1;
} else if (program === undefined) {
	console.error("Usage: node scripts/guard.mjs <program.ts> [arguments]");
	process.exitCode = 2;
} else {
	const file = resolve(program);
	process.argv = [process.execPath, file, ...rest];
	import(pathToFileURL(file).href).catch((error) => {
		console.error(error);
		process.exitCode = 1;
	});
}
