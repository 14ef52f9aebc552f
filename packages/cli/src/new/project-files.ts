import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { usageError } from "../command/command-error.ts";
import { contractName } from "./project-name.ts";

/** The templates lie beside `src` and `dist`; their files are copied. */
const templatesFolder = fileURLToPath(new URL("../../templates", import.meta.url));

/** The names that templates use for the service and its contract. */
const placeholder = { service: "new-service", contract: "NewService" };

/**
 * The files of a new service, by their paths below its folder: those of a template, with the name of the service.
 *
 * @throws CommandError when the template needs a package of that name.
 */
export function projectFiles(template: string, name: string): ReadonlyMap<string, string> {
	const sources = new Map(files(join(templatesFolder, template)));
	checkPackageName(name, sources.get("package.json") ?? "{}");
	const identifier = freeIdentifier(contractName(name), [...sources.values()]);
	return new Map(
		[...sources].map(([path, text]) => [
			// npm does not pack a file that is called .gitignore.
			path === "gitignore" ? ".gitignore" : path,
			text.replaceAll(placeholder.service, name).replaceAll(placeholder.contract, identifier),
		]),
	);
}

function files(folder: string): [path: string, text: string][] {
	return readdirSync(folder, { withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map(({ name }) => [name, readFileSync(join(folder, name), "utf8")]);
}

/** Refuses the name of a dependency: npm does not install a package into one of the same name. */
function checkPackageName(name: string, manifest: string): void {
	const { dependencies, devDependencies } = JSON.parse(manifest);
	if (Object.hasOwn({ ...dependencies, ...devDependencies }, name)) {
		throw usageError(`A service cannot be called ${name}: it needs the package of that name.`);
	}
}

/** Returns a name for the contract that the code does not use for anything else. */
function freeIdentifier(wanted: string, texts: readonly string[]): string {
	const isTaken = texts.some((text) => new RegExp(`\\b${wanted}\\b`).test(text));
	return isTaken ? `${wanted}Contract` : wanted;
}
