import { type RegistrySetup, registrySuite } from "@allium/testing/registry-suite";
import { describeServer } from "@allium/testing/servers";
import { afterAll, beforeAll } from "vitest";
import { type RunningZooKeeper, startZooKeeper } from "./fixtures/zookeeper.ts";
import { registry } from "./index.ts";

describeServer("zookeeper", (program) => {
	let zooKeeper: RunningZooKeeper;
	let paths = 0;

	// One serves all cases, because its start takes longer than most of them. Each case has a path of its own.
	beforeAll(async () => {
		zooKeeper = await startZooKeeper(program);
	});
	afterAll(() => zooKeeper.server.close());

	registrySuite("zookeeper", async (): Promise<RegistrySetup> => {
		const { server } = zooKeeper;
		const url = `${zooKeeper.url}/suite${paths++}`;
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
			close: async () => {},
		};
	});
});
