#!/usr/bin/env node
// Starts the command. It is plain JavaScript, so that a Node that is too old to run the command can still parse it.
import { existsSync } from "node:fs";

const oldest = 24;
const condition = "@allium/source";

/** The repository has sources instead of `dist`, unless tests have built it. Makes this process and its children find them. */
async function useSources() {
	if (process.env.ALLIUM_TEST_BUILT || !existsSync(new URL("../src/index.ts", import.meta.url))) return;
	const flag = `--conditions=${condition}`;
	const options = process.env.NODE_OPTIONS || "";
	if (!options.includes(flag)) process.env.NODE_OPTIONS = `${options} ${flag}`.trim();
	const { registerHooks } = await import("node:module");
	registerHooks({
		resolve: (specifier, context, next) =>
			next(specifier, { ...context, conditions: [...context.conditions, condition] }),
	});
}

async function main() {
	// Keeps compiled code for the next start, which then takes a tenth less processor time.
	const { enableCompileCache } = await import("node:module");
	enableCompileCache();
	await useSources();
	const { run } = await import("@allium/cli");
	process.exitCode = await run(process.argv.slice(2), {
		adapters: { sqlite: () => import("@allium/sqlite") },
	});
}

if (Number.parseInt(process.versions.node, 10) < oldest) {
	console.error(`allium needs Node ${oldest} or newer, and this is Node ${process.versions.node}.`);
	process.exitCode = 1;
} else {
	main().catch((error) => {
		console.error(error);
		process.exitCode = 1;
	});
}
