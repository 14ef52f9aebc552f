import { connect } from "node:net";
import type { Listener } from "@allium/core/transport";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { listen } from "../server/server.ts";
import { openLab } from "./fixtures/lab.ts";

let listener: Listener;
beforeEach(async () => {
	listener = await listen(openLab().endpoints, { limits: { messageBytes: 1_000 } });
});
afterEach(() => listener.close());

/**
 * Writes a head and 20 MB of a body, and reads only after all is written. Resolves with the first bytes that arrive.
 */
async function uploadThenRead(...lines: string[]): Promise<string> {
	const socket = connect(Number(new URL(listener.addresses[0] as string).port), "127.0.0.1");
	const chunk = Buffer.alloc(1_000_000);
	const write = (bytes: string | Buffer) => new Promise((resolve) => socket.write(bytes, resolve));
	await write(`${lines.join("\r\n")}\r\ncontent-length: ${20 * chunk.length}\r\n\r\n`);
	for (let sent = 0; sent < 20; sent++) await write(chunk);
	for await (const part of socket) return String(part);
	return "";
}

describe("a client that writes all before it reads", () => {
	const post = ["POST /lab/echo HTTP/1.1", "host: localhost", "content-type: application/json"];

	test.each([
		["a connection that stays", []],
		["a connection that ends with the answer", ["connection: close"]],
	])("gets an answer that came before, on %s", async (_, lines) => {
		const answer = await uploadThenRead(...post, ...lines);
		expect(answer).toMatch(/^HTTP\/1\.1 429 /);
		expect(answer).toContain('"resource_exhausted"');
	});

	test("gets it from a server that refuses whatever follows", async () => {
		const answer = await uploadThenRead("POST / HTTP/1.1", "host: localhost", "host: localhost");
		expect(answer).toMatch(/^HTTP\/1\.1 400 /);
	});
});
