import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gateway } from "@allium/gateway";
import { http } from "@allium/node";
import type { Stack } from "../stack.ts";
import { callWork } from "./allium.ts";

/** Connect JSON over HTTP/1.1 to the gateway, and frames from there to a service in a process of its own. */
const gatewayStack: Stack = {
	name: "Allium gateway → frames → service",

	async serve() {
		const folder = await mkdtemp(join(tmpdir(), "allium-bench-"));
		const registry = `sqlite://${folder}`;
		const service = fork(new URL("../programs/service.ts", import.meta.url), {
			env: { ...process.env, ALLIUM_REGISTRY: registry },
		});
		await once(service, "message");
		const adapters = { sqlite: () => import("@allium/sqlite") };
		// It has the default logger, so that it writes its access log.
		const front = gateway({ registry, adapters, host: "127.0.0.1", port: 0 });
		await front.start();
		return {
			address: front.addresses.find((url) => url.startsWith("http:")) ?? "",
			helpers: [{ pid: service.pid ?? 0, pin: true }],
			async close() {
				await front.stop();
				if (service.connected) service.disconnect();
				if (service.exitCode === null) await once(service, "exit");
				await rm(folder, { recursive: true });
			},
		};
	},

	connect: (address) => callWork(address, http()),
};

export default gatewayStack;
