// Type-checks a contract of 200 methods, and fails if that costs the compiler too much. `npm run check` includes it.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { budgets } from "./budget/budgets.ts";
import { type Diagnostics, parseDiagnostics } from "./budget/diagnostics.ts";
import { largeProgram } from "./budget/large-program.ts";
import { cacheFolder, root } from "./workspace/root.ts";

const methods = 200;

/**
 * Checks a program by itself and returns the cost. It uses one checker, because several would divide the work by
 * chance.
 */
function check(name: string, program: string): Diagnostics {
	const folder = join(cacheFolder, "type-budget", name);
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, "program.ts"), program);
	const config = {
		extends: join(root, "tsconfig.base.json"),
		compilerOptions: { noEmit: true, isolatedDeclarations: false },
		files: ["program.ts"],
	};
	writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
	const { stdout, stderr, status } = spawnSync(
		process.execPath,
		[
			join(root, "node_modules/typescript/bin/tsc"),
			"-p",
			folder,
			"--extendedDiagnostics",
			"--singleThreaded",
		],
		{ encoding: "utf8" },
	);
	if (status !== 0)
		throw new Error(`${folder}/program.ts does not check:\n${stdout.slice(0, 4000)}${stderr}`);
	return parseDiagnostics(stdout);
}

try {
	const empty = check("empty", largeProgram(0));
	const large = check("large", largeProgram(methods));
	const cost = large.instantiations - empty.instantiations;
	const figures = `${cost} instantiations (at most ${budgets.typeInstantiations}), ${large.checkSeconds} s of checking (${empty.checkSeconds} s without methods)`;
	if (cost > budgets.typeInstantiations) {
		console.error(
			`A contract of ${methods} methods costs too much: ${figures}. Make the types simpler, or raise the budget.`,
		);
		process.exitCode = 1;
	} else {
		console.log(`A contract of ${methods} methods: ${figures}.`);
	}
} catch (error) {
	console.error((error as Error).message);
	process.exitCode = 1;
}
