import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** One process of the example system. */
export interface ExampleProcess {
	/** How its lines are marked: `greeter`, `addsvc 1`. */
	readonly label: string;
	readonly example: string;
	/** The program, absolute. */
	readonly file: string;
}

/** The gateway stands before the examples: it comes first, so that a fixed port is the gateway's. */
export const gatewayProcess: ExampleProcess = {
	label: "gateway",
	example: "gateway",
	file: fileURLToPath(new URL("./gateway.ts", import.meta.url)),
};

/** What `npm start` starts when nothing is asked for, and how many of each. */
const instances: Readonly<Record<string, number>> = { greeter: 1, addsvc: 2, gogo: 1 };

/** The names of the folders under `examples` that can be started. */
export function availableExamples(folder: string): string[] {
	return readdirSync(folder)
		.filter((name) => existsSync(join(folder, name, "main.ts")))
		.sort();
}

/**
 * The processes to start for the names that were asked for.
 *
 * @throws Error with one sentence when a name is unknown.
 */
export function chooseExamples(folder: string, names: readonly string[]): ExampleProcess[] {
	const available = availableExamples(folder);
	const unknown = names.filter((name) => !available.includes(name));
	if (unknown.length > 0) {
		throw new Error(`There is no example called ${quoted(unknown)}; there is ${quoted(available)}.`);
	}
	const chosen = names.length > 0 ? [...new Set(names)] : Object.keys(instances);
	return chosen.flatMap((example) => {
		const count = instances[example] ?? 1;
		return Array.from({ length: count }, (_, index) => ({
			label: count === 1 ? example : `${example} ${index + 1}`,
			example,
			file: join(folder, example, "main.ts"),
		}));
	});
}

function quoted(names: readonly string[]): string {
	return names.map((name) => `"${name}"`).join(", ");
}
