import { expect, test } from "vitest";
import { elementsIn, integer, objectIdentifier, octetString, sequence } from "./der.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test.each([
	[[], "020100"],
	[[0, 0], "020100"],
	[[0x7f], "02017f"],
	// A byte of zeros keeps the number from being negative.
	[[0x80], "02020080"],
	[[0, 0, 1, 2], "02020102"],
])("the number %j", (bytes, expected) => expect(hex(integer(Uint8Array.from(bytes)))).toBe(expected));

test.each([
	["2.5.4.3", "0603550403"],
	["1.2.840.10045.4.3.2", "06082a8648ce3d040302"],
])("the object identifier %s", (dotted, expected) => expect(hex(objectIdentifier(dotted))).toBe(expected));

test.each([0, 1, 127, 128, 255, 256, 1_000])("a content of %i bytes is read as it was written", (length) => {
	const content = new Uint8Array(length).fill(7);
	const written = sequence(octetString(content), integer(Uint8Array.of(1)));
	const [outer, ...others] = elementsIn(written);
	expect(others).toEqual([]);
	expect(outer?.whole).toEqual(written);
	const [first, second] = elementsIn(outer?.content ?? new Uint8Array());
	expect(first?.content).toEqual(Buffer.from(content));
	expect(hex(second?.whole ?? new Uint8Array())).toBe("020101");
});
