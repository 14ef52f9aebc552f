import { expect, test, vi } from "vitest";
import { Context } from "../../context/context.ts";
import { anything } from "../../contract/anything.ts";
import { contract } from "../../contract/contract.ts";
import { method } from "../../contract/method.ts";
import { stream } from "../../contract/stream.ts";
import { standardBytes } from "../../transport/pipe.ts";
import type { Compression } from "./compression.ts";
import { compressedFlag, endStreamFlag, writeEnvelope } from "./envelope.ts";
import { httpCallee } from "./http-callee.ts";
import { StreamCall } from "./stream-call.ts";

const Lab = contract("lab", {
	total: method({ input: stream(anything({})), output: anything({}) }),
	count: method({ input: anything({}), output: stream(anything({})) }),
});

/** A call that was answered with a stream of messages. */
function answered(called: "total" | "count", compression?: Compression) {
	const callee = httpCallee({
		method: Lab[called],
		address: "http://x",
		maxMessageBytes: 1024 * 1024,
		bytes: standardBytes,
		compression,
	});
	const call = new StreamCall(callee, Context.background());
	const exit = { abort: vi.fn(), pause: vi.fn(), resume: vi.fn() };
	const outcome = call.promise.catch((error: unknown) => error);
	call.began(exit);
	call.answered(200, { "content-type": callee.contentType });
	return { call, exit, outcome };
}

const large = { text: "x".repeat(200 * 1024) };

test("one reply, however large, does not hold up the end of the answer, which comes later", async () => {
	const { call, exit, outcome } = answered("total");
	call.received(writeEnvelope(0, JSON.stringify(large)));
	expect(exit.pause).not.toHaveBeenCalled();
	call.received(writeEnvelope(endStreamFlag, "{}"));
	expect(await outcome).toEqual(large);
});

test("messages and the end may each be compressed, where that was asked for", async () => {
	const reversed: Compression = {
		name: "reversed",
		inflate: (bytes) => bytes.toReversed(),
		deflate: (bytes) => bytes.toReversed(),
	};
	const { call, outcome } = answered("count", reversed);
	const deflated = (text: string) => reversed.deflate(new TextEncoder().encode(text));
	call.received(writeEnvelope(compressedFlag, deflated('{"n":1}')));
	call.received(writeEnvelope(0, '{"n":2}'));
	call.received(writeEnvelope(compressedFlag | endStreamFlag, deflated("{}")));
	expect(await Array.fromAsync((await outcome) as AsyncIterable<unknown>)).toEqual([{ n: 1 }, { n: 2 }]);
});

test("a stream of replies that is not read is held back", () => {
	const { call, exit } = answered("count");
	call.received(writeEnvelope(0, JSON.stringify(large)));
	expect(exit.pause).toHaveBeenCalledOnce();
});

test.each([
	["no reply where there has to be one", [], "the reply is missing"],
	["two replies where there has to be one", ["{}", "{}"], "lab/total answered more than one message"],
	["a reply that cannot be read", ["{"], "a message of the answer to lab/total is not JSON"],
])("%s is a fault of the server", async (_, replies, message) => {
	const { call, outcome } = answered("total");
	for (const reply of replies) call.received(writeEnvelope(0, reply));
	call.received(writeEnvelope(endStreamFlag, "{}"));
	expect(await outcome).toMatchObject({ code: "internal", message, domain: "lab" });
});
