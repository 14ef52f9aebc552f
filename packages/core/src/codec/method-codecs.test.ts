import { expect, test } from "vitest";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import { Reflection } from "../contract/reflection.ts";
import type { Schema } from "../contract/schema.ts";
import { stream } from "../contract/stream.ts";
import type { BinaryCodec, TextCodec } from "./codec.ts";
import type { Format } from "./format.ts";
import { jsonCodec } from "./json-codec.ts";
import { jsonFormat } from "./json-format.ts";
import { methodCodecs } from "./method-codecs.ts";
import { protoFormat } from "./proto-format.ts";
import type { WireCodecs } from "./wire-codecs.ts";

const single: BinaryCodec = {
	name: "proto",
	binary: true,
	encode: (message) => Uint8Array.of(message as number),
	decode: (bytes) => bytes[0],
};

const quoted: TextCodec = {
	name: "json",
	binary: false,
	encode: (message) => `"${message}"`,
	decode: (text) => {
		if (!text.startsWith('"')) throw new SyntaxError("no quote");
		return text.slice(1, -1);
	},
};

function schema(wire?: WireCodecs): Schema {
	const jsonSchema = { input: () => ({}), output: () => ({}) };
	const validate = (value: unknown) => ({ value });
	const standard = { version: 1 as const, vendor: "test", validate, jsonSchema };
	return { "~standard": standard, ...(wire !== undefined && { "~wire": wire }) };
}

const Test = contract("test", {
	plain: method({ input: schema(), output: stream(schema()) }),
	empty: method({}),
	half: method({ input: schema({ proto: single }), output: schema() }),
	binary: method({
		input: schema({ proto: single, json: quoted }),
		output: stream(schema({ proto: single })),
	}),
});

test("without codecs of its own, a method is spoken in plain JSON", () => {
	const codecs = methodCodecs(Test.plain, jsonFormat);
	expect(codecs?.input).toBe(jsonCodec);
	expect(codecs?.output).toBe(jsonCodec);
});

test("a schema may bring its own JSON", () => {
	const codecs = methodCodecs(Test.binary, jsonFormat);
	expect(codecs?.input).toMatchObject({ name: "json", binary: false });
	expect(codecs?.input.encode(7)).toBe('"7"');
	expect(codecs?.output).toBe(jsonCodec);
});

test("protobuf is spoken where every schema of the method has it, of streams that of one message", () => {
	const codecs = methodCodecs(Test.binary, protoFormat);
	expect(codecs?.input.encode(7)).toEqual(Uint8Array.of(7));
	expect(codecs?.output.encode(8)).toEqual(Uint8Array.of(8));
	expect(methodCodecs(Test.plain, protoFormat)).toBeUndefined();
	expect(methodCodecs(Test.half, protoFormat)).toBeUndefined();
});

test("a side that was not given is the empty message", () => {
	const { input } = methodCodecs(Test.empty, protoFormat) ?? {};
	if (input?.binary !== true) throw new Error("protobuf is binary");
	expect(input.encode(undefined)).toEqual(new Uint8Array());
	// A field that a later version of the peer adds.
	expect(input.decode(Uint8Array.of(8, 1))).toEqual({});
});

test("what processes tell of themselves is JSON, whatever formats they speak", () => {
	expect(methodCodecs(Reflection.describe, protoFormat)).toBeUndefined();
	expect(methodCodecs(Reflection.describe, jsonFormat)?.output).toBe(jsonCodec);
});

test("a format is asked once for each schema of a method", () => {
	let asked = 0;
	const counting: Format = {
		name: "counting",
		number: 3,
		codec() {
			asked++;
			return undefined;
		},
	};
	methodCodecs(Test.empty, counting);
	const first = asked;
	expect(methodCodecs(Test.empty, counting)).toBeUndefined();
	expect(asked).toBe(first);
	expect(methodCodecs(Test.binary, jsonFormat)).toBe(methodCodecs(Test.binary, jsonFormat));
});

test("whatever the codec of a schema throws is a ServiceError", () => {
	const broken: BinaryCodec = {
		name: "proto",
		binary: true,
		encode: () => {
			throw new TypeError("no such field");
		},
		decode: () => {
			throw new RangeError("cut off");
		},
	};
	const codec = protoFormat.codec(schema({ proto: broken }));
	if (codec?.binary !== true) throw new Error("protobuf is binary");
	expect(() => codec.encode({})).toThrow(expect.objectContaining({ code: "internal" }));
	expect(() => codec.decode(new Uint8Array())).toThrow(
		expect.objectContaining({
			code: "invalid_argument",
			reason: "unparsable",
			message: "the message cannot be read as proto: cut off",
		}),
	);
	const text = jsonFormat.codec(schema({ json: quoted }));
	if (text?.binary !== false) throw new Error("JSON is text");
	expect(() => text.decode("x")).toThrow(expect.objectContaining({ reason: "unparsable" }));
});
