import { isServiceError } from "@allium/core";
import { type Gateway, type GatewayOptions, gateway as makeGateway } from "@allium/gateway";
import { parseListen } from "@allium/node";
import type { Run, Words } from "../command/command.ts";
import { CommandError, usageError } from "../command/command-error.ts";
import { exitCode } from "../command/exit-code.ts";
import { credentialsOf } from "../discovery/credentials.ts";
import { configOf } from "../discovery/directory.ts";
import { Interruption } from "../terminal/interruption.ts";

/** `allium gateway` */
export const gateway: Run = async (words, surroundings) => {
	const { env, adapters, transports } = surroundings;
	// Checks the configuration here, so that errors contain the command's names of the settings.
	configOf(words, env);
	const registry = words.value("registry");
	const namespace = words.value("namespace");
	const stopped = Promise.withResolvers<void>();
	using _interruption = new Interruption(stopped.resolve);
	const gateway = await started({
		...listenOf(words),
		...(registry !== undefined && { registry }),
		...(namespace !== undefined && { namespace }),
		...(words.has("expose") && { expose: listOf(words, "expose") }),
		...(words.has("hosts") && { hosts: listOf(words, "hosts") }),
		cors: listOf(words, "cors"),
		proxy: proxyOf(words),
		credentials: credentialsOf(words, surroundings),
		adapters,
		transports,
		env,
	});
	try {
		await stopped.promise;
		gateway.logger.log("info", "gateway is stopping");
	} finally {
		await gateway.stop();
	}
	return exitCode.ok;
};

async function started(options: GatewayOptions): Promise<Gateway> {
	try {
		const gateway = makeGateway(options);
		await gateway.start();
		return gateway;
	} catch (error) {
		if (!isServiceError(error)) throw error;
		const { code, message } = error;
		throw new CommandError(`The gateway cannot start: ${message}.`, exitCode.failed, { code });
	}
}

function listenOf(words: Words): { host?: string; port?: number } {
	const text = words.value("listen");
	if (text === undefined) return {};
	const { host, port } = parseListen("--listen", text);
	return { ...(host !== undefined && { host }), ...(port !== undefined && { port }) };
}

/** The values of an option that may be given several times, or once with commas. */
function listOf(words: Words, option: string): string[] {
	return words
		.values(option)
		.flatMap((text) => text.split(","))
		.map((name) => name.trim())
		.filter((name) => name !== "");
}

function proxyOf(words: Words): Record<string, string> {
	const routes = words.values("proxy").map((text): [string, string] => {
		const at = text.indexOf("=");
		if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
		throw usageError(
			`--proxy takes /path=url, such as /app=http://127.0.0.1:3000, not ${JSON.stringify(text)}.`,
		);
	});
	return Object.fromEntries(routes);
}
