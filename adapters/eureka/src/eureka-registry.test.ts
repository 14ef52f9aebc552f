import { type RegistrySetup, registrySuite } from "@allium/testing/registry-suite";
import { afterAll, beforeAll } from "vitest";
import { emptied, type RunningEureka, startEureka } from "./fixtures/eureka.ts";
import { registry } from "./index.ts";

// The server is that of @allium/eureka-server: Netflix's own needs Java and its libraries. One serves all cases, because
// its start takes longer than most of them.
let eureka: RunningEureka;

beforeAll(async () => {
	eureka = await startEureka();
});
afterAll(() => eureka.server.close());

registrySuite("eureka", async (): Promise<RegistrySetup> => {
	await emptied(eureka);
	const { server, url } = eureka;
	return {
		ttlMs: 2_000,
		lateMs: 2_000,
		target: url,
		open: ({ ttlMs, target = url }) => registry(target, { ttlMs, pollMs: 40 }),
		outage: server,
		program: { module: import.meta.resolve("./fixtures/quick-registry.ts"), url },
		close: async () => {},
	};
});
