import { expect, test } from "vitest";
import { EnvelopeReader, writeEnvelope } from "./envelope.ts";

function reader(maxBytes = 1_000) {
	const seen: [number, string][] = [];
	return {
		seen,
		reader: new EnvelopeReader(maxBytes, (flags, message) =>
			seen.push([flags, new TextDecoder().decode(message)]),
		),
	};
}

test("an envelope is flags, length and message", () => {
	expect(writeEnvelope(2, "é")).toEqual(Uint8Array.of(2, 0, 0, 0, 2, 0xc3, 0xa9));
});

test("envelopes are found however the bytes are cut", () => {
	const wire = Buffer.concat([writeEnvelope(0, "one"), writeEnvelope(0, ""), writeEnvelope(2, "{}")]);
	for (let size = 1; size <= wire.length; size++) {
		const { seen, reader: envelopes } = reader();
		for (let at = 0; at < wire.length; at += size) envelopes.push(wire.subarray(at, at + size));
		expect(seen).toEqual([
			[0, "one"],
			[0, ""],
			[2, "{}"],
		]);
		expect(envelopes.partial).toBe(false);
	}
});

test("a claim of 4 GiB is refused by its head alone", () => {
	const { reader: envelopes } = reader();
	expect(() => envelopes.push(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]))).toThrow("larger than 1000 bytes");
});

test("a compressed message is refused, as no compression was agreed on", () => {
	const { reader: envelopes } = reader();
	expect(() => envelopes.push(writeEnvelope(1, "x"))).toThrow("compressed");
});

test("bytes that end within an envelope are told", () => {
	const { reader: envelopes } = reader();
	envelopes.push(writeEnvelope(0, "whole").subarray(0, 7));
	expect(envelopes.partial).toBe(true);
});
