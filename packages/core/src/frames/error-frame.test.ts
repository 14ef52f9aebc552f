import { afterAll, beforeAll, expect, test } from "vitest";
import { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import type { ForeignDetail, ServiceError } from "../errors/service-error.ts";
import { Endpoints } from "../server/endpoints.ts";
import type { Listener, Peer } from "../transport/transport.ts";
import { memoryTransport } from "./memory-transport.ts";

const Shop = contract("shop", { buy: method({ errors: { gone: { code: "not_found" } } }) });

let details: ForeignDetail[] = [];
let listener: Listener;
let peer: Peer;

beforeAll(async () => {
	const endpoints = new Endpoints();
	endpoints.serve(Shop, { buy: () => Promise.reject(Shop.buy.error.gone({ details })) });
	const transport = memoryTransport();
	listener = await transport.listen(endpoints, { address: "shop" });
	peer = transport.dial("memory://shop");
});

afterAll(async () => {
	await peer.close();
	await listener.close();
});

async function failure(): Promise<ServiceError> {
	return peer
		.endpoint(Shop.buy)({}, Context.background())
		.then(
			() => Promise.reject(new Error("it did not fail")),
			(error: ServiceError) => error,
		);
}

test("foreign details reach the caller as they are", async () => {
	details = [{ type: "google.rpc.Help", value: Uint8Array.of(0, 1, 255) }];
	expect(await failure()).toMatchObject({ reason: "gone", details });
});

test("details that do not fit in the frame are left out before anything else is", async () => {
	details = [{ type: "google.rpc.Help", value: new Uint8Array(64 * 1024) }];
	expect(await failure()).toMatchObject({ code: "not_found", reason: "gone", details: undefined });
});
