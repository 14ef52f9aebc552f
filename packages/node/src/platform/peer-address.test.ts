import { type Context, createClient, type Guard } from "@allium/core";
import { expect, test } from "vitest";
import { Lab, openLab } from "../http/fixtures/lab.ts";
import { http } from "../http/http-transport.ts";
import { acceptFrames } from "../pipe/accept-frames.ts";
import { frames } from "../pipe/frames-transport.ts";
import { listen } from "../server/server.ts";
import { peerAddress } from "./peer-address.ts";

test.each([
	["127.0.0.1", "127.0.0.1:4000"],
	["::1", "[::1]:4000"],
	["::ffff:127.0.0.1", "[::ffff:127.0.0.1]:4000"],
	["unknown", "unknown:4000"],
])("of %s and a port is %s", (host, address) => {
	expect(peerAddress(host, 4000)).toBe(address);
});

test.each(["http", "allium"])(
	"a guard can tell address and port of a peer over IPv6 that speaks %s",
	async (scheme) => {
		const seen: string[] = [];
		const guard: Guard = ({ peer }, ctx: Context) => {
			seen.push(peer.address);
			return ctx;
		};
		const listener = await listen(openLab(guard).endpoints, { host: "::1", acceptFrames: acceptFrames() });
		const url = listener.addresses.find((address) => address.startsWith(`${scheme}:`)) as string;
		const client = createClient(Lab, { url, transports: [frames(), http()] });
		await client.ping({});
		await client[Symbol.asyncDispose]();
		await listener.close();
		expect(seen).toEqual([expect.stringMatching(/^\[::1\]:\d+$/)]);
	},
);
