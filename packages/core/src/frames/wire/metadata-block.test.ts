import { describe, expect, test } from "vitest";
import { Metadata, type MetadataInit } from "../../context/metadata.ts";
import { standardBytes } from "../../transport/pipe.ts";
import { headerBytes } from "./frame.ts";
import { FrameWriter } from "./frame-writer.ts";
import { readMetadata } from "./metadata-block.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The block of these entries. */
function blockOf(init: MetadataInit): Uint8Array {
	const writer = new FrameWriter(standardBytes);
	writer.begin(0, 0, 1, 10_000);
	writer.metadata(new Metadata(init));
	writer.finish();
	return (writer.take() ?? new Uint8Array()).slice(headerBytes);
}

function entriesOf(block: Uint8Array): unknown {
	return [...readMetadata(block, 0, block.length, standardBytes).metadata];
}

describe("a block of metadata", () => {
	test.each<[what: string, init: MetadataInit]>([
		["text", { "x-tenant": "acme", traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` }],
		// The lengths of these are bytes beyond ASCII.
		["long text", { ["n".repeat(128)]: "v".repeat(200), after: "w".repeat(0x10c3) }],
		["bytes that are characters of several bytes", { "k-bin": utf8("größer 😀"), after: "text" }],
		["bytes that are no text", { "k-bin": new Uint8Array([0x00, 0xff, 0xc3, 0x80]), after: "text" }],
	])("brings %s unchanged", (_, init) => {
		expect(entriesOf(blockOf(init))).toEqual([...new Metadata(init)]);
	});

	test("may not have text beyond ASCII, however many bytes it takes", () => {
		for (const value of [utf8("ö"), new Uint8Array([0xf6])]) {
			const block = blockOf({ a: "x".repeat(value.length), b: "y" });
			block.set(value, 2 + 1 + 1 + 2);
			expect(() => entriesOf(block)).toThrow("printable ASCII");
		}
	});
});
