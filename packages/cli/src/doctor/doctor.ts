import type { Run } from "../command/command.ts";
import { exitCode } from "../command/exit-code.ts";
import { Directory } from "../discovery/directory.ts";
import { examineBroker } from "./broker.ts";
import { examineCertificates } from "./certificates.ts";
import { examineClock } from "./clock.ts";
import { examineConfiguration } from "./configuration.ts";
import { examineContracts } from "./contracts.ts";
import { examineDataFolder } from "./data-folder.ts";
import { type Examined, skipped } from "./finding.ts";
import { examineGroups } from "./groups.ts";
import { examineInstances } from "./instances.ts";
import { examineNode } from "./node-version.ts";
import { examinePort } from "./port.ts";
import { examineRegistry } from "./registry.ts";
import { Round } from "./round.ts";
import { examineStore, examineViews } from "./stores.ts";
import { examineTransport } from "./transport.ts";

/** How long an operation that an examination gave up may continue after the last output, in milliseconds. */
const afterwardsMs = 500;

/** `allium doctor` */
export const doctor: Run = async (words, surroundings) => {
	const { terminal, env } = surroundings;
	const round = new Round(terminal, words.has("json"));
	await round.examine("node", async () => examineNode(process.versions.node));
	const config = await round.examine("configuration", async () => examineConfiguration(words, env));
	const registry = await round.examine("registry", async () =>
		config === undefined
			? without("the configuration")
			: examineRegistry(() => Directory.open(words, surroundings)),
	);
	const { directory, instances } = registry ?? {};
	const broker = await round.examine("broker", async () =>
		config === undefined ? without("the configuration") : examineBroker(words, surroundings),
	);
	await round.examine("groups", async () =>
		broker === undefined ? without("the broker") : examineGroups(broker),
	);
	await round.examine("transport", async () =>
		config === undefined ? without("the configuration") : examineTransport(config, surroundings),
	);
	await round.examine("event store", async () =>
		config === undefined ? without("the configuration") : examineStore(words, surroundings),
	);
	await round.examine("views", async () =>
		config === undefined ? without("the configuration") : examineViews(words, surroundings),
	);
	await round.examine("clock", async () =>
		instances === undefined || directory === undefined
			? without("the registry")
			: examineClock(directory.registry),
	);
	await round.examine("data folder", async () =>
		directory === undefined ? without("the registry") : examineDataFolder(directory.url),
	);
	await round.examine("port", async () =>
		config === undefined
			? without("the configuration")
			: examinePort(config, directory?.registry.spansHosts === true, instances ?? []),
	);
	await round.examine("instances", async () =>
		instances === undefined ? without("the registry") : examineInstances(instances, words, surroundings),
	);
	await round.examine("contracts", async () =>
		instances === undefined ? without("the registry") : examineContracts(instances, words, surroundings),
	);
	await round.examine("certificates", async () =>
		config === undefined ? without("the configuration") : examineCertificates(config.tls, instances ?? []),
	);
	await round.end();
	const code = round.isWell ? exitCode.ok : exitCode.failed;
	// An operation that was given up could keep the process alive: a registry that does not answer, for example.
	setTimeout(() => process.exit(code), afterwardsMs).unref();
	await Promise.all([directory?.close(), broker?.close()]);
	return code;
};

function without(what: string): Examined<never> {
	return { findings: [skipped(`it needs ${what}`)] };
}
