import { relative } from "node:path";
import type { Run, Surroundings, Words } from "../command/command.ts";
import { usageError } from "../command/command-error.ts";
import { exitCode } from "../command/exit-code.ts";
import { configOf } from "../discovery/directory.ts";
import { Interruption } from "../terminal/interruption.ts";
import { seal } from "../terminal/seal.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { DevGateway } from "./dev-gateway.ts";
import { DevService, type DevServiceOptions, defaultDevTimes } from "./dev-service.ts";
import { FileWatch } from "./file-watch.ts";
import { type ServiceFile, serviceFiles } from "./service-files.ts";

const defaultGatewayPort = 8080;
const gatewayLabel = "gateway";

/** `allium dev [files…]` */
export const dev: Run = async (words, surroundings) => {
	const { terminal, cwd } = surroundings;
	// Checks the configuration here, so that an error is reported once and not for each process.
	configOf(words, surroundings.env);
	const gatewayPort = gatewayPortOf(words);
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
	const unlisten = terminal.onUnread(stopped.resolve);
	const labels = [...files.map(({ label }) => label), ...(gatewayPort === undefined ? [] : [gatewayLabel])];
	const width = Math.max(...labels.map((label) => label.length));
	for (const [index, file] of files.entries()) {
		const env = environments[index] ?? {};
		services.push(new DevService(serviceOptions(file, index, width, env, watch, surroundings)));
	}
	let gateway: DevGateway | undefined;
	try {
		for (const service of services) service.start();
		if (gatewayPort !== undefined) {
			gateway = await makeGateway(gatewayPort, files.length, width, words, surroundings);
			void gateway.start();
		}
		await stopped.promise;
	} finally {
		await Promise.all([gateway?.stop(), ...services.map((service) => service.stop())]);
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
	const prefix = prefixOf(label, index, width, terminal);
	return {
		file,
		cwd,
		env,
		times: defaultDevTimes,
		onModule: (path) => watch.add(path),
		onLine: (line) => terminal.print(`${prefix} ${seal(line)}`),
		say: (text) => void terminal.print(`${prefix} ${terminal.styles.bold(`allium: ${text}`)}`),
	};
}

/** Loads the gateway only when it is wanted. */
async function makeGateway(
	port: number,
	index: number,
	width: number,
	words: Words,
	{ terminal, env, adapters }: Surroundings,
): Promise<DevGateway> {
	const { DevGateway } = await import("./dev-gateway.ts");
	const prefix = prefixOf(gatewayLabel, index, width, terminal);
	return new DevGateway({
		port,
		registry: words.value("registry"),
		namespace: words.value("namespace"),
		adapters,
		env,
		onLine: (line) => void terminal.print(`${prefix} ${line}`),
		say: (text) => void terminal.print(`${prefix} ${terminal.styles.bold(`allium: ${text}`)}`),
	});
}

function prefixOf(label: string, index: number, width: number, { styles }: Terminal): string {
	return styles.colour(index, `${label.padEnd(width)} |`);
}

/** The port of the gateway. Undefined if there is to be no gateway. */
function gatewayPortOf(words: Words): number | undefined {
	if (words.has("no-gateway")) return undefined;
	const text = words.value("gateway") ?? String(defaultGatewayPort);
	const port = Number(text);
	if (/^\d{1,5}$/.test(text) && port < 65_536) return port;
	throw usageError(`--gateway takes a port, such as ${defaultGatewayPort}, not ${JSON.stringify(text)}.`);
}

/** The environments of the processes. Only one process can have a given port, so the first gets it. */
function environmentsOf(count: number, words: Words, { env }: Surroundings): NodeJS.ProcessEnv[] {
	const registry = words.value("registry");
	const namespace = words.value("namespace");
	const all: NodeJS.ProcessEnv = {
		// Services start at the same time, so calls wait for those that are not up yet.
		ALLIUM_WAIT_FOR_READY: "true",
		...env,
		...(registry !== undefined && { ALLIUM_REGISTRY: registry }),
		...(namespace !== undefined && { ALLIUM_NAMESPACE: namespace }),
	};
	const { PORT: _port, ALLIUM_LISTEN: _listen, ALLIUM_ADVERTISE: _advertise, ...others } = all;
	return Array.from({ length: count }, (_, index) => (index === 0 ? all : others));
}
