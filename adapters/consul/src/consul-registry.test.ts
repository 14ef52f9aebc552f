import { registrySuite } from "@allium/testing/registry-suite";
import { describeServer } from "@allium/testing/servers";
import { startConsul } from "./fixtures/consul.ts";
import { registry } from "./index.ts";

describeServer("consul", (program) => {
	registrySuite("consul", async () => {
		const { server, url } = await startConsul(program);
		return {
			ttlMs: 2_000,
			lateMs: 1_000,
			pushes: true,
			// An agent is made for the services of one host: each registration costs it time in proportion to those that it
			// has, some 30 to 45 ms at 3,000. Ten thousand instances at a hundred agents are in consul-catalog.test.ts.
			many: 1_000,
			target: url,
			open: ({ ttlMs, target = url }) => registry(target, { ttlMs }),
			outage: server,
			program: { module: import.meta.resolve("./index.ts"), url },
			close: () => server.close(),
		};
	});
});
