import { existsSync, globSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { root } from "../workspace/root.ts";

/** The other JavaScript runtimes that pages use. */
const names = ["bun", "deno"];

/** Where `npm install --prefix .cache/runtimes bun deno` installs their programs. */
const installed = globSync(join(root, ".cache/runtimes/node_modules/@{oven,deno}/**/{bun,deno}"));
export const runtimeFolders: readonly string[] = installed.map((file) => dirname(file));

const isRequired = (process.env.ALLIUM_TEST_REQUIRE ?? "").split(",").includes("runtimes");

/** The runtimes that a page uses and that are not installed. None if tests must not be skipped. */
export function missingRuntimes(commands: readonly string[]): string[] {
	if (isRequired) return [];
	const folders = [...runtimeFolders, ...(process.env.PATH ?? "").split(delimiter)];
	return names.filter(
		(name) =>
			commands.some((command) => new RegExp(`^(?:\\w+=\\S+ )*${name}\\b`).test(command)) &&
			!folders.some((folder) => existsSync(join(folder, name))),
	);
}

/** Returns a command with which a runtime finds the sources of the workspace, as Node does with `NODE_OPTIONS`. */
export function withSources(command: string): string {
	return command.replace(/^((?:\w+=\S+ )*)(bun|deno run)(?= )/, "$1$2 --conditions=@allium/source");
}
