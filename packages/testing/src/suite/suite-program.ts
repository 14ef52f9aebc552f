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
	const isSource = base.endsWith(".ts");
	const file = fileURLToPath(new URL(`${name}${isSource ? ".ts" : ".js"}`, base));
	return ServiceProcess.run(file, {
		...options,
		args,
		env: isSource ? { NODE_OPTIONS: "--conditions=@allium/source" } : {},
	});
}
