import { createServer } from "node:net";
import { Context, ServiceError } from "@allium/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Receiver } from "./fixtures/receiver.ts";
import { sendWebhook, type WebhookTarget } from "./send-webhook.ts";
import { verifyWebhook, webhookSecret } from "./webhook-signature.ts";

const secret = webhookSecret();
const text = '{"type":"matches.started"}';
const ctx = Context.background();

let receiver: Receiver;

beforeEach(async () => {
	receiver = await Receiver.open();
});

afterEach(() => receiver[Symbol.asyncDispose]());

function send(target: Partial<WebhookTarget> = {}, id = "e-1", given = ctx): Promise<void> {
	return sendWebhook(
		{ url: receiver.url, secret, allow: ["http", "private"], ...target },
		{ id, text },
		given,
	);
}

describe("a webhook", () => {
	test("is a CloudEvent in JSON, signed", async () => {
		await send();
		const [received] = receiver.received;
		expect(received).toMatchObject({
			path: "/hook",
			headers: { "content-type": "application/cloudevents+json; charset=utf-8" },
			body: text,
		});
		expect(verifyWebhook(received?.headers ?? {}, received?.body ?? "", secret)).toMatchObject({ id: "e-1" });
	});

	test.each([
		["a.b", "a%2Eb"],
		["ü\r\nx: y", "%C3%BC%0D%0Ax%3A%20y"],
		["\ud800", "%EF%BF%BD"],
	])("has an id that fits into a header: %j", async (id, header) => {
		await send({}, id);
		const [received] = receiver.received;
		expect(verifyWebhook(received?.headers ?? {}, text, secret).id).toBe(header);
	});

	test.each([200, 201, 202, 204])("has arrived with the status %i", async (status) => {
		receiver.answers(status);
		await expect(send()).resolves.toBeUndefined();
	});
});

describe("a webhook that was not taken", () => {
	test.each([
		[410, { code: "failed_precondition", reason: "webhook_gone" }],
		[429, { code: "resource_exhausted" }],
		[503, { code: "unavailable" }],
		[400, { code: "unknown", reason: "webhook_failed" }],
		[404, { code: "unknown", reason: "webhook_failed" }],
		[500, { code: "unknown", reason: "webhook_failed" }],
		[301, { code: "unknown", reason: "webhook_failed" }],
	])("fails with the status %i", async (status, error) => {
		receiver.answers(status, { location: `${receiver.url}/elsewhere` });
		await expect(send()).rejects.toMatchObject({ ...error, message: expect.stringContaining(`${status}`) });
		expect(receiver.received).toHaveLength(1);
	});

	test.each([
		["7", 7_000],
		["999999999", 3_600_000],
		["soon", undefined],
		["Thu, 01 Jan 1970 00:00:00 GMT", 0],
		["Fri, 31 Dec 2999 23:59:59 GMT", 3_600_000],
	])("is sent again when the receiver wants it: Retry-After: %s", async (header, ms) => {
		receiver.answers(503, { "retry-after": header });
		const error: unknown = await send().catch((thrown: unknown) => thrown);
		expect(error).toMatchObject({ code: "unavailable", retryAfterMs: ms });
	});

	test("says of a redirect that it is not followed", async () => {
		receiver.answers(307, { location: `${receiver.url}/elsewhere` });
		const message = `127.0.0.1:${receiver.port} answered the webhook with 307: redirects are not followed`;
		await expect(send()).rejects.toMatchObject({ message });
	});

	test("does not tell what the receiver says, nor where in it", async () => {
		receiver.answer = (response) => void response.writeHead(500).end("an inner secret");
		const error = await send({ url: `${receiver.url}?token=t` }).catch((thrown: Error) => thrown);
		expect(error).toHaveProperty("message", `127.0.0.1:${receiver.port} answered the webhook with 500`);
	});
});

describe("a receiver that does not answer well", () => {
	test("is given up after the timeout", async () => {
		receiver.answer = () => {};
		await expect(send({ timeoutMs: 50 })).rejects.toMatchObject({
			code: "deadline_exceeded",
			message: `127.0.0.1:${receiver.port} did not answer the webhook within 50 ms`,
		});
	});

	test("has taken the webhook when its status says so, whatever follows", async () => {
		receiver.answer = (response) => void response.writeHead(200).write("x");
		await expect(send({ timeoutMs: 200 })).resolves.toBeUndefined();
	});

	test("is not read to the end when it answers without one", async () => {
		let closed = false;
		receiver.answer = (response) => {
			const chunk = Buffer.alloc(64 * 1024);
			const go = (): void => {
				while (!closed && response.write(chunk));
			};
			response.writeHead(200).on("drain", go);
			response.on("close", () => {
				closed = true;
			});
			go();
		};
		await send({ timeoutMs: 60_000 });
		await vi.waitFor(() => expect(closed).toBe(true), 10_000);
	});

	test.each([
		["hangs up", "", "socket hang up"],
		["is no web server", "SSH-2.0-OpenSSH\r\n", "Parse Error"],
		[
			"wants another protocol",
			"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
			"",
		],
	])("fails when it %s", async (_, answer, why) => {
		const server = createServer((socket) => {
			socket.on("error", () => {});
			socket.once("data", () => socket.end(answer));
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		const { port } = server.address() as { port: number };
		const url = `http://127.0.0.1:${port}`;
		await expect(send({ url })).rejects.toMatchObject({
			code: "unknown",
			reason: "webhook_failed",
			message: expect.stringMatching(new RegExp(`^127.0.0.1:${port} cannot be reached: .*${why}`)),
		});
		server.close();
	});

	test("fails when it does not speak TLS", async () => {
		await expect(send({ url: `https://127.0.0.1:${receiver.port}` })).rejects.toMatchObject({
			code: "unknown",
			reason: "webhook_failed",
			message: `127.0.0.1:${receiver.port} cannot be reached: it does not speak TLS on this port`,
		});
	});

	test("fails when nothing listens", async () => {
		const gone = await Receiver.open();
		const { url } = gone;
		await gone[Symbol.asyncDispose]();
		await expect(send({ url })).rejects.toMatchObject({ code: "unknown", reason: "webhook_failed" });
	});
});

test("a webhook ends with its context", async () => {
	const { ctx: given, cancel } = ctx.withCancel();
	const stopping = new ServiceError({ code: "unavailable", message: "the process stops" });
	receiver.answer = () => cancel(stopping);
	await expect(send({}, "e-1", given)).rejects.toBe(stopping);
});

describe("an address of this machine is refused", () => {
	test.each([
		["by its number", "127.0.0.1"],
		["by a number that is written in another way", "0x7f.1"],
		["by its number in IPv6", "[::ffff:127.0.0.1]"],
		["by its name", "localhost"],
	])("%s", async (_, host) => {
		const url = `http://${host}:${receiver.port}/hook`;
		await expect(send({ url, allow: ["http"] })).rejects.toMatchObject({
			code: "permission_denied",
			reason: "private_address",
		});
		expect(receiver.received).toEqual([]);
	});

	test("unless it is allowed", async () => {
		await expect(send({ url: `http://localhost:${receiver.port}` })).resolves.toBeUndefined();
	});
});

test.each([
	["http://example.com", /begins with https:, and not with http:/],
	["file:///etc/passwd", /begins with https:, and not with file:/],
	["https://me:password@example.com", /has a name or a password/],
	["example.com", /is no URL/],
])("%s is no URL for webhooks", async (url, message) => {
	await expect(send({ url, allow: [] })).rejects.toThrow(
		expect.objectContaining({ name: "TypeError", message: expect.stringMatching(message) }),
	);
});
