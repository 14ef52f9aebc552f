import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import type { Instance } from "@allium/core";
import { type Config, isLoopback } from "@allium/node";
import { type Examined, type Finding, ok, wrong } from "./finding.ts";
import { portOwner } from "./port-owner.ts";

/** How much of a command line to show, in letters. */
const maxCommand = 80;

/**
 * Examines whether a service that is started in this environment could listen.
 *
 * @param spansHosts whether the registry is for several hosts.
 */
export async function examinePort(
	{ host = "", port }: Config,
	spansHosts: boolean,
	instances: readonly Instance[],
): Promise<Examined> {
	const interfaceHost = host === "" ? (spansHosts ? "0.0.0.0" : "127.0.0.1") : host;
	const failure = await tryListening(interfaceHost, port);
	if (failure === undefined) {
		return {
			findings: [
				ok(port === 0 ? `any free port on ${interfaceHost}` : `${port} is free on ${interfaceHost}`),
			],
		};
	}
	return {
		findings: [failure.code === "EADDRINUSE" ? taken(interfaceHost, port, instances) : refused(failure)],
	};
}

/** Resolves with the error that keeps a process from listening. Undefined if it can listen. */
function tryListening(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
	const server = createServer();
	return new Promise((resolve) => {
		server.once("error", resolve);
		server.listen({ host, port }, () => server.close(() => resolve(undefined)));
	});
}

function taken(host: string, port: number, instances: readonly Instance[]): Finding {
	const instance = instances.find(({ addresses }) => addresses.some((address) => isHere(address, port)));
	if (instance !== undefined) {
		return ok(`${port} on ${host} is taken by ${instance.app}, which is registered there`);
	}
	const owner = portOwner(port);
	const by =
		owner === undefined
			? "another process"
			: `process ${owner.pid} (${owner.command.slice(0, maxCommand) || "of another user"})`;
	return wrong(
		`port ${port} on ${host} is taken by ${by}, which is not in the registry`,
		"stop that process, or choose another port with PORT or ALLIUM_LISTEN; PORT=0 takes a free one",
	);
}

function refused({ code, message }: NodeJS.ErrnoException): Finding {
	const remedy =
		code === "EACCES"
			? "choose a port above 1023, or give the process that permission"
			: "set PORT and ALLIUM_LISTEN to a port and an address that this machine has";
	return wrong(message, remedy);
}

/** Whether an address is a port of this machine. */
function isHere(address: string, port: number): boolean {
	const url = URL.parse(address);
	if (url === null || Number(url.port) !== port) return false;
	const host = url.hostname.replace(/^\[|\]$/g, "");
	const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
	return isLoopback(host) || own.some((one) => one.address === host);
}
