import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type GatewayOptions, gateway } from "@allium/gateway";
import { http } from "@allium/node";
import type { HttpCall, Server, Stack } from "../stack.ts";
import { callWork } from "./allium.ts";

/** A text of 5 KB that compresses about as well as the JSON of a list. */
const half: string = Array.from({ length: 556 }, (_, index) => `n: ${((index * 7_919) % 99_991) + 1e5}`).join(
	"",
);

/** The input of `concat` whose answer has 10 KB. */
export const longInput: string = JSON.stringify({ a: half, b: half });

/** The options of a measured gateway. */
export interface FrontedOptions {
	/** The name of the stack. */
	readonly name: string;
	/** How `wrk` calls it. Default: `sum`. */
	readonly http?: HttpCall;
	readonly options?: GatewayOptions;
}

/** Connect JSON over HTTP/1.1 to a gateway, and frames from there to a service in a separate process. */
export function fronted({ name, http: call = { path: "/add/sum" }, options = {} }: FrontedOptions): Stack {
	return {
		name,
		http: call,
		serve: () => serveFronted(options),
		connect: (address) => callWork(address, http()),
	};
}

async function serveFronted(options: GatewayOptions): Promise<Server> {
	const folder = await mkdtemp(join(tmpdir(), "allium-bench-"));
	const registry = `sqlite://${folder}`;
	const service = fork(new URL("../programs/service.ts", import.meta.url), {
		env: { ...process.env, ALLIUM_REGISTRY: registry },
	});
	await once(service, "message");
	const adapters = { sqlite: () => import("@allium/sqlite") };
	// Unless the options say otherwise it has the default logger, so that it writes its access log.
	const front = gateway({ registry, adapters, host: "127.0.0.1", port: 0, ...options });
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
}
