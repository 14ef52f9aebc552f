import {
	type RegistrySetup,
	registryCases,
	registryRules,
	registrySuite,
} from "@allium/testing/registry-suite";
import { describeServer } from "@allium/testing/servers";
import { startEtcd } from "./fixtures/etcd.ts";
import { registry } from "./index.ts";

const versions = [
	{ name: "etcd", cases: registryCases },
	{ name: "etcd-3.5", cases: registryRules },
] as const;

for (const { name, cases } of versions) {
	describeServer(name, (program) => {
		const setup = async (): Promise<RegistrySetup> => {
			const { server, url } = await startEtcd(program);
			return {
				// etcd grants no less with its defaults, and looks for leases that ran out twice a second.
				ttlMs: 2_000,
				lateMs: 1_000,
				pushes: true,
				target: url,
				open: ({ ttlMs, target = url }) => registry(target, { ttlMs }),
				outage: server,
				program: { module: import.meta.resolve("./index.ts"), url },
				close: () => server.close(),
			};
		};
		registrySuite(name, setup, cases);
	});
}
