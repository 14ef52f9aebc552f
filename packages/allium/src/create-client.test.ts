import { Endpoints } from "@allium/core";
import { frames } from "@allium/node";
import { expect, test, vi } from "vitest";
import * as z from "zod";
import { contract, createClient, type Logger, method } from "./index.ts";

const answer = z.object({ id: z.string() });
const Served = contract("shop", { buy: method({ output: answer }) }, { version: "1.0.0" });
const Expected = contract(
	"shop",
	{ buy: method({ output: answer }), sell: method({ output: answer }) },
	{ version: "2.0.0" },
);

/** A client by address after one call, and the warnings that it logged. */
async function called(expected: typeof Served | typeof Expected) {
	const endpoints = new Endpoints();
	endpoints.serve(Served, { buy: async () => ({ id: "1" }) });
	const listener = await frames().listen(endpoints);
	const warnings: unknown[] = [];
	const log = vi.fn<Logger["log"]>((level, message, fields) => {
		if (level === "warn") warnings.push([message, fields]);
	});
	const url = listener.addresses.find((address) => address.startsWith("allium:")) ?? "";
	const client = createClient(expected, { url, logger: { log } });
	await client.buy({});
	const close = async (): Promise<void> => {
		await client[Symbol.asyncDispose]();
		await listener.close();
	};
	return { warnings, client, [Symbol.asyncDispose]: close };
}

test("a client that has a logger warns once when the contract at its address differs, with what differs", async () => {
	await using made = await called(Expected);
	const { warnings, client } = made;
	await vi.waitFor(() => expect(warnings).toHaveLength(1));
	expect(warnings).toEqual([
		[
			"a client's contract differs from that of the instances that it calls",
			expect.objectContaining({ service: "shop", expected: "2.0.0", served: "1.0.0" }),
		],
	]);
	await client.buy({});
	expect(JSON.stringify(warnings)).toContain("sell");
});

test("what onDescribed throws is logged, and ends neither the client nor the process", async () => {
	const endpoints = new Endpoints();
	endpoints.serve(Served, { buy: async () => ({ id: "1" }) });
	const listener = await frames().listen(endpoints);
	const log = vi.fn<Logger["log"]>();
	const url = listener.addresses.find((address) => address.startsWith("allium:")) ?? "";
	await using client = createClient(Served, {
		url,
		logger: { log },
		onDescribed: () => {
			throw new Error("not this one");
		},
	});
	await client.buy({});
	await vi.waitFor(() => {
		expect(log).toHaveBeenCalledWith("error", "onDescribed of a client threw", expect.anything());
	});
	expect(await client.buy({})).toEqual({ id: "1" });
	await listener.close();
});
