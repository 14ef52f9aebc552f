import { type RegistrySetup, registryCases, registrySuite } from "@allium/testing/registry-suite";
import { describeServer } from "@allium/testing/servers";
import { startRedis } from "./fixtures/redis.ts";
import { registry } from "./index.ts";

const kinds = [
	{ title: "redis", args: [], cases: registryCases },
	{
		title: "redis with an append-only file",
		args: ["--appendonly", "yes"],
		cases: registryCases.filter(({ needs = [] }) => needs.includes("outage")),
	},
];

describeServer("redis", (program) => {
	for (const { title, args, cases } of kinds) {
		const setup = async (): Promise<RegistrySetup> => {
			const { server, url, connections } = await startRedis(program, args);
			return {
				ttlMs: 300,
				pushes: true,
				target: url,
				open: ({ ttlMs, target = url }) => registry(target, { ttlMs }),
				outage: server,
				program: { module: import.meta.resolve("./index.ts"), url },
				handles: connections,
				close: () => server.close(),
			};
		};
		registrySuite(title, setup, cases);
	}
});
