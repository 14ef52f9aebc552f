import { networkInterfaces } from "node:os";

/** The host by which others reach a process that listens on `host`; undefined when that is the host itself. */
export function reachableHost(host: string): string | undefined {
	return host === "0.0.0.0" || host === "::" ? firstAddress() : undefined;
}

/** The first address of this machine that others can reach. */
function firstAddress(): string | undefined {
	return Object.values(networkInterfaces())
		.flatMap((addresses) => addresses ?? [])
		.find(({ internal, family }) => !internal && family === "IPv4")?.address;
}
