import {
	type RegistrySetup,
	registryCases,
	registryRules,
	registrySuite,
} from "@allium/testing/registry-suite";
import { describeServer } from "@allium/testing/servers";
import { afterAll, beforeAll } from "vitest";
import { type RunningEtcd, startEtcd } from "./fixtures/etcd.ts";
import { registry } from "./index.ts";
import { rangeOf } from "./keys.ts";

const versions = [
	{ name: "etcd", cases: registryCases },
	{ name: "etcd-3.5", cases: registryRules },
] as const;

for (const { name, cases } of versions) {
	describeServer(name, (program) => {
		let etcd: RunningEtcd;

		// One serves all cases, because its start takes longer than many of them.
		beforeAll(async () => {
			etcd = await startEtcd(program);
		});
		afterAll(() => etcd.server.close());

		const setup = async (): Promise<RegistrySetup> => {
			await etcd.post("/v3/kv/deleterange", rangeOf({}));
			const { server, url } = etcd;
			return {
				// etcd grants no less with its defaults, and looks for leases that ran out twice a second.
				ttlMs: 2_000,
				lateMs: 1_000,
				pushes: true,
				target: url,
				open: ({ ttlMs, target = url }) => registry(target, { ttlMs }),
				outage: server,
				program: { module: import.meta.resolve("./index.ts"), url },
				close: async () => {},
			};
		};
		registrySuite(name, setup, cases);
	});
}
