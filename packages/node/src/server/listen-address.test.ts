import { networkInterfaces } from "node:os";
import { contract, createClient, Endpoints, method } from "@allium/core";
import { expect, test } from "vitest";
import { http } from "../http/http-transport.ts";
import { frames } from "../pipe/frames-transport.ts";
import { parseListenAddress } from "./listen-address.ts";

test.each([
	["127.0.0.1:4000", "127.0.0.1", 4000],
	["add.internal:0", "add.internal", 0],
	["[::1]:0", "::1", 0],
])("%s is an address to listen on", (address, host, port) => {
	expect(parseListenAddress(address)).toEqual({ host, port });
});

const transports = [frames(), http()];
const wrong = ["127.0.0.1", "::1", "[::1]", ":4000", "4000", "", "127.0.0.1:99999", "http://127.0.0.1:4000"];

test.each(transports.flatMap((transport) => wrong.map((address) => ({ transport, address }))))(
	'$transport.scheme: "$address" is refused with what to write instead',
	async ({ transport, address }) => {
		await expect(transport.listen(new Endpoints(), { address })).rejects.toMatchObject({
			code: "invalid_argument",
			message: `cannot listen on "${address}"; write it like 127.0.0.1:4000 or [::1]:4000, with port 0 for a free one`,
		});
	},
);

const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
	all?.some(({ address }) => address === "::1"),
);
const title = hasIPv6 ? "$scheme: [::1]:0 is listened on, and called" : "$scheme (skipped: there is no ::1)";

test.skipIf(!hasIPv6).each(transports)(title, async (transport) => {
	const Ping = contract("ping", { ping: method({}) });
	const endpoints = new Endpoints();
	endpoints.serve(Ping, { async ping() {} });
	const listener = await transport.listen(endpoints, { address: "[::1]:0" });
	const url = String(listener.addresses.find((address) => address.startsWith(`${transport.scheme}:`)));
	expect(url).toMatch(/:\/\/\[::1\]:\d+$/);
	const client = createClient(Ping, { url, transports: [transport] });
	expect(await client.ping({})).toEqual({});
	await client[Symbol.asyncDispose]();
	await listener.close();
});
