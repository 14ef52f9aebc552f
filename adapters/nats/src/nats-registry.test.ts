import { registrySuite } from "@allium/testing/registry-suite";
import { describeServer, natsServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { afterAll, beforeAll } from "vitest";
import { registry } from "./index.ts";

for (const version of ["nats-2.9", "nats-2.10", "nats-2.15"] as const) {
	describeServer(version, (file) => {
		let server: ServerProcess;
		let buckets = 0;

		beforeAll(async () => {
			server = await startServer(natsServer({ file }));
		});
		afterAll(() => server.close());

		registrySuite("nats", async () => {
			const query = `?bucket=suite${buckets++}`;
			const target = `nats://127.0.0.1:${server.port}`;
			return {
				ttlMs: 1_000,
				pushes: true,
				target,
				open: ({ ttlMs, target: address = target }) => registry(address + query, { ttlMs }),
				outage: { kill: () => server.kill(), restart: () => server.restart() },
				program: { module: import.meta.resolve("./index.ts"), url: target + query },
				close: async () => {},
			};
		});
	});
}
