import { contract, createClient, Endpoints, type Format, memoryRegistry, method } from "@allium/core";
import { webSocketTransport } from "@allium/core/frames";
import { msgpack } from "@allium/msgpack";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { createApp } from "../app/app.ts";
import { listen } from "../server/server.ts";
import { acceptFrames } from "./accept-frames.ts";
import { frames } from "./frames-transport.ts";

const text = z.object({ text: z.string() });
const Echo = contract("echo", { echo: method({ input: text, output: text }) });

/** MessagePack, and how many messages were read in it. */
function counted(): { format: Format; read: () => number } {
	let count = 0;
	const format = msgpack();
	const codec = format.codec(undefined);
	if (codec?.binary !== true) throw new Error("MessagePack is binary");
	const decode = (bytes: Uint8Array): unknown => {
		count++;
		return codec.decode(bytes);
	};
	return { format: { ...format, codec: () => ({ ...codec, decode }) }, read: () => count };
}

test.each([
	["TCP", (formats: Format[]) => frames({ formats }), /^http/, "allium"],
	["WebSocket", (formats: Format[]) => webSocketTransport({ formats }), /^http/, "ws"],
])(
	"calls over %s are in MessagePack where both sides have it, and else in JSON",
	async (_, dial, scheme, own) => {
		const endpoints = new Endpoints();
		endpoints.serve(Echo, { echo: async (input) => input });
		const { format, read } = counted();
		const formats = [format];
		const server = await listen(endpoints, {
			acceptFrames: acceptFrames({ formats }),
			webSockets: { formats },
		});
		onTestFinished(() => server.close());
		const address = server.addresses.find((url) => scheme.test(url))?.replace(scheme, own) ?? "";
		for (const [offered, expected] of [
			[[format], 2],
			[[], 2],
		] as const) {
			const client = createClient(Echo, { url: address, transports: [dial([...offered])], middleware: [] });
			expect(await client.echo({ text: "hello" })).toEqual({ text: "hello" });
			expect(read()).toBe(expected);
			await client[Symbol.asyncDispose]();
		}
	},
);

test("a number that frames cannot carry is refused where the format is given", () => {
	const formats = [{ ...msgpack(), number: 7 }];
	expect(() => frames({ formats })).toThrow("frames carry 1 to 3");
	expect(() => acceptFrames({ formats })).toThrow("frames carry 1 to 3");
});

test("an app serves and makes calls in the formats that it is given", async () => {
	const served = counted();
	const called = counted();
	const options = { registry: memoryRegistry(), env: {}, drainDelayMs: 0, logger: { log() {} } };
	const server = createApp({ ...options, name: "server", formats: [served.format] });
	const client = createApp({ ...options, name: "client", formats: [called.format] });
	onTestFinished(async () => {
		await client.stop();
		await server.stop();
	});
	server.serve(Echo, { echo: async (input) => input });
	await server.start();
	expect(await client.client(Echo).echo({ text: "hello" })).toEqual({ text: "hello" });
	expect([served.read(), called.read()]).toEqual([1, 1]);
});
