import { expect, test } from "vitest";
import { toBase64 } from "../encoding/base64.ts";
import { MessageWriter } from "../encoding/protobuf.ts";
import { errorDetails, readErrorDetails } from "./details.ts";
import { ServiceError } from "./service-error.ts";

const data = {
	issues: [{ path: ["a", 0], message: "Ungültig ✗" }],
	max: 2 ** 31 - 1,
	ratio: -0.5,
	yes: true,
	no: false,
	nothing: null,
	empty: {},
	none: [],
};

test("reason, domain, data and the time to wait survive the wire", () => {
	const error = new ServiceError({ code: "out_of_range", reason: "int_overflow", data, retryAfterMs: 1250 });
	const wire = JSON.parse(JSON.stringify(errorDetails(error, "add")));
	expect(readErrorDetails(wire)).toEqual({
		reason: "int_overflow",
		domain: "add",
		data,
		retryAfterMs: 1250,
	});
});

test("each detail says for people what it holds", () => {
	const error = new ServiceError({
		code: "unavailable",
		reason: "busy",
		data: { max: 1 },
		retryAfterMs: 500,
	});
	expect(errorDetails(error, "add").map(({ type, debug }) => [type, debug])).toEqual([
		["google.rpc.ErrorInfo", { reason: "busy", domain: "add" }],
		["google.protobuf.Value", { max: 1 }],
		["google.rpc.RetryInfo", { retryDelay: "0.5s" }],
	]);
});

test("an ErrorInfo is byte for byte what protobuf writes", () => {
	const [info] = errorDetails(new ServiceError({ code: "aborted", reason: "r" }), "s");
	expect(info?.value).toBe(toBase64(Uint8Array.of(0x0a, 1, 0x72, 0x12, 1, 0x73)));
});

test("an error without reason and data has no details", () => {
	expect(errorDetails(new ServiceError({ code: "internal" }), "add")).toEqual([]);
});

test("data that JSON cannot carry is left out", () => {
	const circular: Record<string, unknown> = {};
	circular.self = circular;
	for (const broken of [circular, { big: 1n }, () => {}]) {
		const details = errorDetails(new ServiceError({ code: "aborted", reason: "r", data: broken }), "add");
		expect(details.map(({ type }) => type)).toEqual(["google.rpc.ErrorInfo"]);
	}
});

test("a key called __proto__ becomes an own property", () => {
	const evil = JSON.parse('{"__proto__":{"admin":true}}');
	const facts = readErrorDetails(errorDetails(new ServiceError({ code: "aborted", data: evil }), "add"));
	expect(Object.getPrototypeOf(facts.data)).toBe(Object.prototype);
	expect(Object.keys(facts.data as object)).toEqual(["__proto__"]);
});

test("malformed details are passed over", () => {
	for (const details of [
		undefined,
		"text",
		[null, 1, "x", {}],
		[{ type: "google.rpc.ErrorInfo", value: "not base64!" }],
		[{ type: "google.rpc.ErrorInfo", value: "Cv8" }],
		[{ type: "google.protobuf.Value", value: "////" }],
	]) {
		expect(readErrorDetails(details)).toEqual({});
	}
});

test("data that nests without end is passed over", () => {
	let bytes = new MessageWriter().varint(1, 0n).finish();
	for (let depth = 0; depth < 1000; depth++) {
		bytes = new MessageWriter().bytes(6, new MessageWriter().bytes(1, bytes).finish()).finish();
	}
	expect(readErrorDetails([{ type: "google.protobuf.Value", value: toBase64(bytes) }])).toEqual({});
});

test("details that are not Allium's own are kept as they are", () => {
	const details = [
		{ type: "google.rpc.Help", value: Uint8Array.of(1, 2) },
		{ type: "shop.v1.SoldOut", value: new Uint8Array() },
	];
	const error = new ServiceError({ code: "aborted", reason: "gone", data: { id: 7 }, details });
	const facts = readErrorDetails(errorDetails(error, "shop"));
	expect(facts).toEqual({ reason: "gone", domain: "shop", data: { id: 7 }, details });
});
