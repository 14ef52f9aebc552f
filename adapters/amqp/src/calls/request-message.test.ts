import { Metadata } from "@allium/core";
import type { AsyncMessage } from "rabbitmq-client";
import { describe, expect, test } from "vitest";
import { readRequest, requestEnvelope, returnedEnvelope } from "./request-message.ts";

const metadata = new Metadata({ "x-tenant": "acme" });

/** A message as it arrives. */
function message(properties: object): AsyncMessage {
	return {
		consumerTag: "c",
		deliveryTag: 1,
		redelivered: false,
		exchange: "",
		routingKey: "q",
		replyTo: "amq.rabbitmq.reply-to.a",
		body: Buffer.from("{}"),
		...properties,
	};
}

describe("a request", () => {
	test("is of the service whose queue it is in, unless its type names another", () => {
		expect(readRequest("stock", message({ type: "take" }))?.path).toBe("stock/take");
		expect(readRequest("stock", message({ type: "bank/pay" }))?.path).toBe("bank/pay");
	});

	test("has the time that is left of its deadline, and never more than its expiration", () => {
		const sent = requestEnvelope({
			queue: "q",
			path: "stock/take",
			id: "1",
			metadata,
			remainingMs: 5_000,
		});
		const { expiration = "", headers = {} } = sent;
		expect(expiration).toBe("5000");
		const read = (changed: object): number | undefined =>
			readRequest("stock", message({ expiration, headers: { ...headers, ...changed } }))?.remainingMs;
		expect(read({})).toBeLessThanOrEqual(5_000);
		expect(read({})).toBeGreaterThan(0);
		expect(read({ "Allium-Deadline": Date.now() + 60_000 })).toBe(5_000);
		expect(read({ "Allium-Deadline": Date.now() - 1_000 })).toBeLessThanOrEqual(-1_000);
		expect(read({ "Allium-Deadline": 0 })).toBe(Number.POSITIVE_INFINITY);
		expect(read({ "Allium-Deadline": "soon" })).toBe(5_000);
	});

	test("without a word of its time has half a minute", () => {
		expect(readRequest("stock", message({}))?.remainingMs).toBe(30_000);
		expect(readRequest("stock", message({ expiration: "soon" }))?.remainingMs).toBe(30_000);
	});

	test.each([
		["no address for the answer", { replyTo: undefined }],
		["another queue for the answer", { replyTo: "payments" }],
		["an id that could not be sent back", { correlationId: "\ufffd".repeat(100) }],
		["a method that could not be put back", { type: "x".repeat(255) }],
	])("with %s is none", (_, properties) => {
		expect(readRequest("stock", message(properties))).toBeUndefined();
	});

	test("is put back with its metadata alone, and with the time that is left", () => {
		const headers = { CC: ["elsewhere"], "Allium-Returns": 2, "x-tenant": "acme", odd: { a: 1 } };
		const request = readRequest(
			"stock",
			message({ type: "take", correlationId: "7", headers, expiration: "900" }),
		);
		if (request === undefined) throw new Error("it is a request");
		expect(returnedEnvelope("stock-queue", request, metadata, true)).toMatchObject({
			routingKey: "stock-queue",
			type: "stock/take",
			correlationId: "7",
			replyTo: "amq.rabbitmq.reply-to.a",
			expiration: "900",
			headers: { "Allium-Returns": 3, "x-tenant": "acme", "Allium-Deadline": expect.any(Number) },
		});
		const copied = returnedEnvelope("stock-queue", request, metadata, false).headers ?? {};
		expect(Object.keys(copied).sort()).toEqual(["Allium-Deadline", "Allium-Returns", "x-tenant"]);
		expect(copied["Allium-Returns"]).toBe(2);
	});
});
