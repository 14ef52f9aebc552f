import { expect, test } from "vitest";
import { jsonCodec } from "./json-codec.ts";

test("messages survive", () => {
	for (const message of [{ a: [1, "ä", null, true] }, [], "text", 0, null]) {
		expect(jsonCodec.decode(jsonCodec.encode(message))).toEqual(message);
	}
});

test("nothing stands for the empty object", () => {
	expect(jsonCodec.encode(undefined)).toBe("{}");
});

test("what JSON cannot carry is a bug on this side", () => {
	const circular: Record<string, unknown> = {};
	circular.self = circular;
	for (const message of [10n, circular, () => {}, Symbol("s")]) {
		expect(() => jsonCodec.encode(message)).toThrow(expect.objectContaining({ code: "internal" }));
	}
});

test("text that is not JSON is the other side's fault", () => {
	for (const text of ["", "{", "{a:1}", "NaN"]) {
		expect(() => jsonCodec.decode(text)).toThrow(
			expect.objectContaining({ code: "invalid_argument", reason: "unparsable" }),
		);
	}
});

test("a key that names the prototype is only a key", () => {
	const message = jsonCodec.decode('{"__proto__":{"admin":true}}') as { admin?: boolean };
	expect(message.admin).toBeUndefined();
	expect(Object.keys(message)).toEqual(["__proto__"]);
});
