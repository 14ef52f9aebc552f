import { describe, expect, test } from "vitest";
import { Metadata, maxMetadataBytes } from "./metadata.ts";

describe("metadata", () => {
	test("keeps several values of a name, in order", () => {
		const metadata = new Metadata({ a: "1" }).append("b", "2").append("a", "3");
		expect(metadata.getAll("a")).toEqual(["1", "3"]);
		expect(metadata.get("a")).toBe("1");
		expect([...metadata]).toEqual([
			["a", "1"],
			["b", "2"],
			["a", "3"],
		]);
	});

	test("replaces and removes all values of a name", () => {
		const metadata = new Metadata({ a: ["1", "2"], b: "3" });
		expect(metadata.set("a", "4").getAll("a")).toEqual(["4"]);
		metadata.delete("a");
		expect([metadata.has("a"), metadata.has("b"), metadata.size]).toEqual([false, true, 1]);
	});

	test("copies another", () => {
		const original = new Metadata({ a: ["1", "2"] });
		const copy = new Metadata(original);
		original.delete("a");
		expect(copy.getAll("a")).toEqual(["1", "2"]);
	});

	test("keeps bytes under a name that ends in -bin", () => {
		const bytes = Uint8Array.of(0, 255);
		const metadata = new Metadata({ "trace-bin": [bytes, Uint8Array.of()] });
		expect(metadata.getBytes("trace-bin")).toEqual(bytes);
		expect(metadata.get("trace-bin")).toBeUndefined();
		expect(metadata.getAll("trace-bin")).toHaveLength(2);
	});

	test.each(["a", "x-global-tenant", "a.b_c-9", "n".repeat(128)])("takes the name %s", (name) => {
		expect(new Metadata({ [name]: "v" }).get(name)).toBe("v");
	});

	test.each(["", "A", "a b", "ä", "a:b", "a\n", "n".repeat(129)])("refuses the name %j", (name) => {
		expect(() => new Metadata().append(name, "v")).toThrow(
			expect.objectContaining({ code: "invalid_argument", reason: "invalid_metadata" }),
		);
	});

	test.each(["", "v", "a b", "!~"])("takes the value %j", (value) => {
		expect(new Metadata({ a: value }).get("a")).toBe(value);
	});

	test.each([" v", "v ", "ä", "a\r\nb: c", "\t", "\u0000"])("refuses the value %j", (value) => {
		expect(() => new Metadata({ a: value })).toThrow(/takes printable ASCII text/);
	});

	test("refuses text where bytes belong, and bytes where text does", () => {
		expect(() => new Metadata({ "a-bin": "text" })).toThrow(/takes bytes, as its name ends in -bin/);
		expect(() => new Metadata({ a: Uint8Array.of(1) })).toThrow(/bytes go under a name that ends in -bin/);
	});

	test("counts its bytes as it grows and shrinks", () => {
		const metadata = new Metadata({ abc: "12", "x-bin": Uint8Array.of(1, 2, 3) });
		expect(metadata.bytes).toBe(3 + 2 + 3 + (5 + 3 + 3));
		metadata.delete("x-bin");
		expect(metadata.bytes).toBe(8);
	});

	test("refuses what goes beyond 8 KiB, and keeps what it had", () => {
		const metadata = new Metadata({ a: "x".repeat(maxMetadataBytes - 4) });
		expect(metadata.bytes).toBe(8192);
		expect(() => metadata.append("b", "")).toThrow("metadata takes more than 8192 bytes");
		expect(metadata.size).toBe(1);
	});
});
