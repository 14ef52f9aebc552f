import { type RegistrySetup, registrySuite } from "@allium/testing/registry-suite";
import { describeServer } from "@allium/testing/servers";
import { startZooKeeper } from "./fixtures/zookeeper.ts";
import { registry } from "./index.ts";

describeServer("zookeeper", (program) => {
	registrySuite("zookeeper", async (): Promise<RegistrySetup> => {
		const { server, url } = await startZooKeeper(program);
		return {
			ttlMs: 2_000,
			// Sessions end with a tick, which lasts half a second here.
			lateMs: 1_000,
			pushes: true,
			// A change of one child has the names of all read again, so this grows with the square.
			many: 1_000,
			target: url,
			open: ({ ttlMs, target = url }) => registry(target, { ttlMs }),
			outage: server,
			program: { module: import.meta.resolve("./index.ts"), url },
			close: () => server.close(),
		};
	});
});
