import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** One process of the example system. */
export interface ExampleProcess {
	/** The label of its lines: `greeter`, `addsvc 1`, `cards`. */
	readonly label: string;
	readonly example: string;
	/** The absolute path of the program. */
	readonly file: string;
}

/** An example that can be started. */
export interface Example {
	readonly name: string;
	/** One line for people, from its package.json. */
	readonly description: string;
	/** Its programs by their labels: one with the name of the example, or one for each of its services. */
	readonly programs: ReadonlyMap<string, string>;
}

/** The gateway comes first, so that it gets a fixed port before the examples do. */
export const gatewayProcess: ExampleProcess = {
	label: "gateway",
	example: "gateway",
	file: fileURLToPath(new URL("./gateway.ts", import.meta.url)),
};

/** The examples that `npm start` starts by default, and how many processes of each. */
const instances: Readonly<Record<string, number>> = { greeter: 1, addsvc: 2, gogo: 1 };

/**
 * The examples that can be started. A folder with a `main.ts` is one process. A folder with a `main.ts` in each folder
 * below `services` is one process for each.
 */
export function availableExamples(folder: string): Example[] {
	return foldersIn(folder).flatMap((name) => {
		const programs = programsOf(folder, name);
		return programs.size === 0 ? [] : [{ name, description: describe(join(folder, name)), programs }];
	});
}

/**
 * Returns the processes to start for the given names.
 *
 * @throws Error with one sentence when a name is unknown.
 */
export function chooseExamples(folder: string, names: readonly string[]): ExampleProcess[] {
	const available = new Map(availableExamples(folder).map((example) => [example.name, example]));
	const unknown = names.filter((name) => !available.has(name));
	if (unknown.length > 0) {
		throw new Error(
			`There is no example called ${quoted(unknown)}; there is ${quoted([...available.keys()])}.`,
		);
	}
	const chosen = names.length > 0 ? [...new Set(names)] : Object.keys(instances);
	return chosen.flatMap((example) => {
		const count = instances[example] ?? 1;
		return [...(available.get(example)?.programs ?? [])].flatMap(([program, file]) =>
			Array.from({ length: count }, (_, index) => ({
				label: count === 1 ? program : `${program} ${index + 1}`,
				example,
				file,
			})),
		);
	});
}

function programsOf(folder: string, example: string): Map<string, string> {
	const main = join(folder, example, "main.ts");
	if (existsSync(main)) return new Map([[example, main]]);
	const services = join(folder, example, "services");
	if (!existsSync(services)) return new Map();
	const programs = foldersIn(services).map((name) => [name, join(services, name, "main.ts")] as const);
	return new Map(programs.filter(([, file]) => existsSync(file)));
}

function foldersIn(folder: string): string[] {
	return readdirSync(folder, { withFileTypes: true })
		.filter((entry) => entry.isDirectory())
		.map(({ name }) => name)
		.sort();
}

function describe(folder: string): string {
	const file = join(folder, "package.json");
	if (!existsSync(file)) return "";
	const { description }: { description?: string } = JSON.parse(readFileSync(file, "utf8"));
	return description ?? "";
}

function quoted(names: readonly string[]): string {
	return names.map((name) => `"${name}"`).join(", ");
}
