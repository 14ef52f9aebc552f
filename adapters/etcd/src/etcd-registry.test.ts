import { registrySuite } from "@allium/testing/registry-suite";
import { describeServer } from "@allium/testing/servers";
import { startEtcd } from "./fixtures/etcd.ts";
import { registry } from "./index.ts";

for (const name of ["etcd", "etcd-3.5"] as const) {
	describeServer(name, (program) => {
		registrySuite(name, async () => {
			const { server, url } = await startEtcd(program);
			return {
				// etcd grants no less with its defaults, and looks for leases that ran out twice a second.
				ttlMs: 2_000,
				lateMs: 1_000,
				pushes: true,
				target: url,
				open: ({ ttlMs, target = url }) => registry(target, { ttlMs }),
				outage: { kill: () => server.kill(), restart: () => server.restart() },
				program: { module: import.meta.resolve("./index.ts"), url },
				close: () => server.close(),
			};
		});
	});
}
