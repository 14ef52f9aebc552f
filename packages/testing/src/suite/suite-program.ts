import { fileURLToPath } from "node:url";
import { type ProcessOptions, ServiceProcess } from "../service-process.ts";

/**
 * Runs a program that lies beside a module: the source if the module is source, otherwise the compiled file.
 *
 * @param base The `import.meta.url` of the module.
 * @param name The file of the program without its ending, such as `./publisher`.
 */
export function runProgram(
	base: string,
	name: string,
	args: readonly string[],
	options: Pick<ProcessOptions, "ownGroup"> = {},
): ServiceProcess {
	return runFile(new URL(`${name}${base.endsWith(".ts") ? ".ts" : ".js"}`, base), args, options);
}

/** Runs the program of a file. A source finds the sources of the packages. */
export function runFile(
	file: URL,
	args: readonly string[],
	options: Pick<ProcessOptions, "ownGroup"> = {},
): ServiceProcess {
	const env = file.pathname.endsWith(".ts") ? { NODE_OPTIONS: "--conditions=@allium/source" } : {};
	return ServiceProcess.run(fileURLToPath(file), { ...options, args, env });
}
