import { expect, test } from "vitest";
import { Context } from "../../context/context.ts";
import { anything } from "../../contract/anything.ts";
import { contract } from "../../contract/contract.ts";
import { method } from "../../contract/method.ts";
import { standardBytes } from "../../transport/pipe.ts";
import type { Compression } from "./compression.ts";
import { httpCallee } from "./http-callee.ts";
import { UnaryCall } from "./unary-call.ts";

const Lab = contract("lab", { sum: method({ input: anything({}), output: anything({}) }) });

/** Reverses the bytes, so that a test sees whether they were decompressed. */
const reversed: Compression = {
	name: "reversed",
	inflate: (bytes) => bytes.toReversed(),
	deflate: (bytes) => bytes.toReversed(),
};

/** The outcome of a call that is answered with a body under an encoding. */
async function outcome(
	compression: Compression | undefined,
	encoding: string,
	body: Uint8Array,
	status = 200,
): Promise<unknown> {
	const callee = httpCallee({
		method: Lab.sum,
		address: "http://x",
		maxMessageBytes: 1_000,
		bytes: standardBytes,
		compression,
	});
	const call = new UnaryCall(callee, Context.background());
	const settled = call.promise.catch((error: unknown) => error);
	call.answered(status, { "content-type": "application/json", "content-encoding": encoding });
	call.received(body);
	call.completed();
	return settled;
}

const reply = new TextEncoder().encode('{"v":3}');
const error = new TextEncoder().encode('{"code":"not_found","message":"gone"}');

test("an answer is read as it was before it was compressed, an error, too", async () => {
	expect(await outcome(reversed, "reversed", reply.toReversed())).toEqual({ v: 3 });
	expect(await outcome(reversed, "identity", reply)).toEqual({ v: 3 });
	expect(await outcome(reversed, "reversed", error.toReversed(), 404)).toMatchObject({ code: "not_found" });
});

test.each([
	["none", undefined],
	["another", reversed],
])("an answer under a compression is refused where %s was asked for", async (_, compression) => {
	expect(await outcome(compression, "br", reply)).toMatchObject({
		code: "internal",
		message: 'the answer is compressed as "br", which was not asked for',
		domain: "lab",
	});
});
