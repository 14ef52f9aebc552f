import { registrySuite } from "@allium/testing/registry-suite";
import { describeServer } from "@allium/testing/servers";
import { startConsul } from "./fixtures/consul.ts";
import { registry } from "./index.ts";

describeServer("consul", (program) => {
	registrySuite("consul", async () => {
		const { server, url } = await startConsul(program);
		return {
			ttlMs: 2_000,
			open: ({ ttlMs }) => registry(url, { ttlMs }),
			close: () => server.close(),
		};
	});
});
