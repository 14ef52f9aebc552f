import { relative } from "node:path";
import type { Run, Surroundings, Words } from "../command/command.ts";
import { exitCode } from "../command/exit-code.ts";
import { Interruption } from "../terminal/interruption.ts";
import { DevService, type DevServiceOptions, defaultDevTimes } from "./dev-service.ts";
import { FileWatch } from "./file-watch.ts";
import { type ServiceFile, serviceFiles } from "./service-files.ts";

/** `allium dev [files…]` */
export const dev: Run = async (words, surroundings) => {
	const { terminal, cwd } = surroundings;
	const files = serviceFiles(words.arguments, cwd);
	const environments = environmentsOf(files.length, words, surroundings);
	const stopped = Promise.withResolvers<void>();
	const services: DevService[] = [];
	const kill = (): void => {
		for (const service of services) service.kill();
	};
	using _interruption = new Interruption(stopped.resolve, kill);
	using watch = new FileWatch(
		(paths) => {
			for (const service of services) service.changed(paths);
		},
		(folder, error) =>
			terminal.complain(`Changes in ${relative(cwd, folder) || "."} go unseen: ${error.message}`),
	);
	const unlisten = terminal.onGone(stopped.resolve);
	const width = Math.max(...files.map(({ label }) => label.length));
	for (const [index, file] of files.entries()) {
		const env = environments[index] ?? {};
		services.push(new DevService(serviceOptions(file, index, width, env, watch, surroundings)));
	}
	try {
		for (const service of services) service.start();
		await stopped.promise;
	} finally {
		await Promise.all(services.map((service) => service.stop()));
		unlisten();
	}
	return exitCode.ok;
};

function serviceOptions(
	{ label, file }: ServiceFile,
	index: number,
	width: number,
	env: NodeJS.ProcessEnv,
	watch: FileWatch,
	{ terminal, cwd }: Surroundings,
): DevServiceOptions {
	const prefix = terminal.styles.colour(index, `${label.padEnd(width)} |`);
	return {
		file,
		cwd,
		env,
		times: defaultDevTimes,
		onModule: (path) => watch.add(path),
		onLine: (line) => terminal.print(`${prefix} ${line}`),
		say: (text) => void terminal.print(`${prefix} ${terminal.styles.bold(`allium: ${text}`)}`),
	};
}

/** The environments of the processes. A port that is given can be had only once: the first gets it. */
function environmentsOf(count: number, words: Words, { env }: Surroundings): NodeJS.ProcessEnv[] {
	const registry = words.value("registry");
	const namespace = words.value("namespace");
	const all: NodeJS.ProcessEnv = {
		...env,
		...(registry !== undefined && { ALLIUM_REGISTRY: registry }),
		...(namespace !== undefined && { ALLIUM_NAMESPACE: namespace }),
	};
	const { PORT: _port, ALLIUM_LISTEN: _listen, ALLIUM_ADVERTISE: _advertise, ...others } = all;
	return Array.from({ length: count }, (_, index) => (index === 0 ? all : others));
}
