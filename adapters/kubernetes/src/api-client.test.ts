import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { every } from "@allium/core/transport";
import { afterEach, expect, test } from "vitest";
import { ApiClient } from "./api-client.ts";

let server: Server | undefined;
let client: ApiClient | undefined;

afterEach(async () => {
	client?.close();
	server?.closeAllConnections();
	if (server !== undefined) await new Promise((resolve) => server?.close(resolve));
});

/** Starts a server that answers in its own way, and a client of it. */
async function connect(answer: (response: ServerResponse) => void, answerMs = 60_000): Promise<ApiClient> {
	server = createServer((_, response) => answer(response)).listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	const cluster = { server: `http://127.0.0.1:${port}`, namespace: "shop", credentials: async () => ({}) };
	client = new ApiClient(cluster, { answerMs, silenceMs: 60_000 });
	return client;
}

function request(): { path: string; what: string; signal: AbortSignal } {
	return { path: "/", what: "try", signal: new AbortController().signal };
}

test("an answer whose connection breaks after its head has failed", async () => {
	const open = await connect((response) => {
		response.writeHead(200).flushHeaders();
		response.socket?.destroy();
	});
	await expect(open.get(request())).rejects.toMatchObject({ code: "unavailable" });
});

test("an answer that stops has failed", async () => {
	const open = await connect((response) => response.writeHead(200).write("["), 1_000);
	await expect(open.get(request())).rejects.toThrow(/^the API server at \S+ did not answer within 3000 ms$/);
});

test("an answer that never comes to its end has failed", async () => {
	const open = await connect((response) => {
		const drops = every(20, () => response.write(" "));
		response.once("close", () => drops.stop());
	}, 1_000);
	await expect(open.get(request())).rejects.toThrow(/^the API server at \S+ did not answer within 3000 ms$/);
});

test("a watch whose line never ends has failed", async () => {
	const open = await connect((response) => {
		const drops = every(1, () => response.write("x".repeat(1024 * 1024)));
		response.once("close", () => drops.stop());
	});
	const watching = open.watch(
		request(),
		() => {},
		() => {},
	);
	await expect(watching).rejects.toThrow("an answer takes more than 8388608 bytes");
});

test("a watch gets lines whole, whatever the parts that they come in", async () => {
	const open = await connect((response) => {
		for (const part of ["{}\n{", '"a":"', "ü"]) response.write(part);
		response.write(Buffer.from("€").subarray(0, 1));
		response.write(Buffer.from("€").subarray(1));
		response.end('"}\n\n');
	});
	const lines: string[] = [];
	await open.watch(
		request(),
		() => lines.push("opened"),
		(line) => lines.push(line),
	);
	expect(lines).toEqual(["opened", "{}", '{"a":"ü€"}']);
});

test("a request fails when its signal aborts, and after the client was closed", async () => {
	const open = await connect(() => {});
	const life = new AbortController();
	const waiting = open.get({ ...request(), signal: life.signal });
	life.abort();
	await expect(waiting).rejects.toMatchObject({ code: "canceled" });
	open.close();
	await expect(open.get(request())).rejects.toThrow("the registry is closed");
});
