import {
	type RegistrySetup,
	registryCases,
	registryRules,
	registrySuite,
} from "@allium/testing/registry-suite";
import { describeServer, natsServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { afterAll, beforeAll } from "vitest";
import { registry } from "./index.ts";

const versions = [
	{ version: "nats-2.9", cases: registryCases },
	{ version: "nats-2.10", cases: registryRules },
	{ version: "nats-2.15", cases: registryCases },
] as const;

for (const { version, cases } of versions) {
	describeServer(version, (file) => {
		let server: ServerProcess;
		let buckets = 0;

		beforeAll(async () => {
			server = await startServer(natsServer({ file }));
		});
		afterAll(() => server.close());

		const setup = async (): Promise<RegistrySetup> => {
			const query = `?bucket=suite${buckets++}`;
			const target = `nats://127.0.0.1:${server.port}`;
			return {
				ttlMs: 1_000,
				pushes: true,
				target,
				open: ({ ttlMs, target: address = target }) => registry(address + query, { ttlMs }),
				outage: server,
				program: { module: import.meta.resolve("./index.ts"), url: target + query },
				close: async () => {},
			};
		};
		registrySuite("nats", setup, cases);
	});
}
