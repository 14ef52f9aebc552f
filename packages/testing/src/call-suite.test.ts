import { memoryTransport } from "@allium/core/frames";
import { describe, expect, test } from "vitest";
import { callSuite, callVerdict } from "./call-suite.ts";
import { flawedTransport, type TransportFlaw } from "./calls/fixtures/flawed-transport.ts";
import type { CallSetup } from "./calls/setup.ts";

function memory(flaw?: TransportFlaw): CallSetup {
	const transport = memoryTransport();
	return {
		transport: flaw === undefined ? transport : flawedTransport(transport, flaw),
		listen: (endpoints, address) => transport.listen(endpoints, address === undefined ? {} : { address }),
	};
}

callSuite("memory", async () => memory(), {
	// The window of a stream, and a message or two.
	maxBufferedBytes: 288 * 1024,
	skip: {
		cut: "a pipe of memory breaks only when one of its ends closes it",
		process: "memory is of one process",
	},
});

describe("the suite finds out a transport that", () => {
	test.each<[flaw: TransportFlaw, title: string]>([
		["mixes replies up", "unary: 1,000 concurrent calls each get their own reply"],
		["loses metadata without a value", "unary: unusual metadata arrives as it was set"],
		[
			"carries no ids of calls",
			"unary: what comes again makes the same calls, hop by hop, and two calls when it makes two",
		],
		["tells a later deadline", "unary: a deadline reaches the server and counts down through three hops"],
		[
			"does not pass cancellation on",
			"unary: a cancelled caller cancels the handler and its callees at once",
		],
		[
			"ends an input that fails",
			"client_stream: a handler that waits for a message is not told that its input ended when its input throws",
		],
		["makes every error internal", "unary: an error of every code keeps it"],
		["loses the last reply of a stream", "server_stream: every message arrives once and in order, both ways"],
	])("%s: %s", async (flaw, title) => {
		expect(await callVerdict(title, memory())).toBeUndefined();
		expect(await callVerdict(title, memory(flaw))).toBeInstanceOf(Error);
	});
});
