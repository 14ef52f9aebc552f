import { describe, expect, test } from "vitest";
import { standardBytes } from "../../transport/pipe.ts";
import { FrameReader } from "./frame-reader.ts";
import { FrameWriter } from "./frame-writer.ts";

interface Seen {
	type: number;
	flags: number;
	stream: number;
	payload: string;
}

function reader(): { seen: Seen[]; reader: FrameReader } {
	const seen: Seen[] = [];
	const frames = new FrameReader(standardBytes, (type, flags, stream, bytes, start, end) => {
		seen.push({ type, flags, stream, payload: standardBytes.readText(bytes, start, end) });
	});
	return { seen, reader: frames };
}

function threeFrames(): Uint8Array {
	const writer = new FrameWriter(standardBytes);
	writer.preface();
	writer.frame(3, 2, 7, new TextEncoder().encode("first"));
	writer.frame(8, 0, 0);
	writer.frame(3, 1, 0xffff_ffff, new TextEncoder().encode("x".repeat(32_768)));
	return writer.take() ?? new Uint8Array();
}

const expected: Seen[] = [
	{ type: 3, flags: 2, stream: 7, payload: "first" },
	{ type: 8, flags: 0, stream: 0, payload: "" },
	{ type: 3, flags: 1, stream: 0xffff_ffff, payload: "x".repeat(32_768) },
];

describe("a frame reader", () => {
	test("finds frames that arrive in one piece", () => {
		const { seen, reader: frames } = reader();
		frames.push(threeFrames());
		expect(seen).toEqual(expected);
	});

	test.each([1, 2, 3, 9, 10, 11, 1000])("finds frames that arrive in pieces of %i bytes", (size) => {
		const { seen, reader: frames } = reader();
		const bytes = threeFrames();
		for (let offset = 0; offset < bytes.length; offset += size) {
			frames.push(bytes.slice(offset, offset + size));
		}
		expect(seen).toEqual(expected);
	});

	test("refuses a frame that claims 4 GiB as soon as its header is there", () => {
		const { seen, reader: frames } = reader();
		frames.push(threeFrames().subarray(0, 4));
		expect(() => frames.push(new Uint8Array([0xff, 0xff, 0xff, 0xff, 3, 0, 0, 0, 0, 1]))).toThrow(
			"a frame of 4294967295 bytes is over the limit of 32768",
		);
		expect(seen).toEqual([]);
	});

	test("refuses it too when the header itself arrives in pieces", () => {
		const { reader: frames } = reader();
		frames.push(threeFrames().subarray(0, 4));
		frames.push(new Uint8Array([0xff, 0xff]));
		expect(() => frames.push(new Uint8Array([0xff, 0xff, 3, 0, 0, 0, 0, 1]))).toThrow("over the limit");
	});

	test("refuses what does not begin with the preface", () => {
		const { reader: frames } = reader();
		expect(() => frames.push(new TextEncoder().encode("GET / HTTP/1.1"))).toThrow(
			"does not begin with the preface",
		);
	});

	test("refuses another version, and says which is spoken", () => {
		const { reader: frames } = reader();
		expect(() => frames.push(new Uint8Array([0xa1, 0x6c, 0x6d, 9]))).toThrow(
			"version 9 is not spoken here; 1 is",
		);
	});
});
