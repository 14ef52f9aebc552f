import type { BackendOutage } from "@allium/testing/crash";
import {
	natsServer,
	postgresServer,
	rabbitServer,
	type ServerName,
	type ServerOptions,
	serverProgram,
	startServer,
} from "@allium/testing/servers";
import { LockedFiles } from "./locked-files.ts";
import { UsageError } from "./options.ts";

interface Kind {
	readonly name: ServerName;
	readonly options: (of: { readonly file: string }) => ServerOptions;
	readonly url: (host: string) => string;
}

/** The servers that may be killed, by their names in the arguments. */
const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
	["nats:", { name: "nats-2.15", options: natsServer, url: (host) => `nats://${host}` }],
	[
		"postgres:",
		{ name: "postgres", options: postgresServer, url: (host) => `postgres://postgres@${host}/postgres` },
	],
	["amqp:", { name: "rabbitmq", options: rabbitServer, url: (host) => `amqp://guest:guest@${host}` }],
]);

/** A server that the run starts, on its own ports and in its own folder. Disposing it removes it. */
export interface OwnServer extends AsyncDisposable {
	readonly outage: BackendOutage;
	readonly url: string;
}

/**
 * Starts a server that the run may kill.
 *
 * @throws UsageError if it is not installed.
 */
export async function startOwnServer(scheme: string): Promise<OwnServer> {
	if (scheme === "sqlite:") return LockedFiles.make();
	const kind = kinds.get(scheme);
	if (kind === undefined) throw new UsageError(`There is no server for "${scheme}".`);
	const file = serverProgram(kind.name);
	if (file === undefined) {
		throw new UsageError(`${kind.name} is not installed; "npm run services" installs it.`);
	}
	const server = await startServer({ ...kind.options({ file }), ownGroup: true });
	return {
		outage: server,
		url: kind.url(`127.0.0.1:${server.port}`),
		[Symbol.asyncDispose]: () => server.close(),
	};
}
