import { type RegistrySetup, registrySuite } from "@allium/testing/registry-suite";
import { startEureka } from "./fixtures/eureka.ts";
import { registry } from "./index.ts";

// The server is that of @allium/eureka-server: Netflix's own needs Java and its libraries.
registrySuite("eureka", async (): Promise<RegistrySetup> => {
	const { server, url } = await startEureka();
	return {
		ttlMs: 2_000,
		target: url,
		open: ({ ttlMs, target = url }) => registry(target, { ttlMs, pollMs: 40 }),
		outage: server,
		program: { module: import.meta.resolve("./fixtures/quick-registry.ts"), url },
		close: () => server.close(),
	};
});
