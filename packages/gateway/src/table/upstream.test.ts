import {
	type AnyContract,
	type ContractDescription,
	contract,
	Endpoints,
	type Instance,
	method,
	silentLogger,
} from "@allium/core";
import { type Listener, PeerPool } from "@allium/core/transport";
import { listen, nodeTransports } from "@allium/node";
import { expect, test } from "vitest";
import { AtOnce } from "./at-once.ts";
import { Upstream } from "./upstream.ts";

test("a service whose hash the registry does not know is asked again, so that a redeployed one is noticed", async () => {
	const Old = contract("shop", { list: method({}) });
	const Young = contract("shop", { list: method({}), buy: method({}) });
	const serve = (served: AnyContract, port: number): Promise<Listener> => {
		const endpoints = new Endpoints();
		endpoints.serve(served, { list: async () => {}, buy: async () => {} });
		return listen(endpoints, { port });
	};
	const old = await serve(Old, 0);
	const url = String(old.addresses.find((address) => address.startsWith("http:")));
	const described: ContractDescription[] = [];
	const peers = new PeerPool(nodeTransports({ tls: undefined }));
	const way = { tls: undefined, credentials: async () => ({}), peers };
	const upstream = new Upstream("shop", (found) => described.push(found), silentLogger, new AtOnce(1), way);
	const instance: Instance = {
		id: "1",
		app: "shop",
		namespace: "default",
		addresses: [url],
		services: [{ name: "shop", version: "", hash: "" }],
		labels: {},
		weight: 1,
		status: "up",
		startedAt: "",
	};
	upstream.update([instance]);
	await upstream.asked;
	await old.close();
	const young = await serve(Young, Number(new URL(url).port));

	await expect
		.poll(() => described.map(({ methods }) => Object.keys(methods)), { timeout: 30_000 })
		.toContainEqual(["list", "buy"]);
	await upstream.close();
	await young.close();
});
