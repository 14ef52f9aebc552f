import { expect, test } from "vitest";
import * as z from "zod";
import { createClient } from "../client/client.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import type { Pipe, PipeHandler } from "../transport/pipe.ts";
import { FramesPeer } from "./frames-peer.ts";
import { refusalBytes } from "./refusal.ts";

const Probe = contract("probe", {
	echo: method({ input: z.object({ text: z.string() }), output: z.object({ text: z.string() }) }),
});

/** A pipe whose other end says these pieces, one a turn, and then ends. */
function saying(pieces: readonly Uint8Array[]): Pipe {
	let handler: PipeHandler | undefined;
	const closed = Promise.withResolvers<void>();
	const end = (): void => closed.resolve();
	void closed.promise.then(() => handler?.closed());
	return {
		peer: { address: "elsewhere" },
		start(given) {
			handler = given;
			void (async () => {
				for (const piece of pieces) {
					await new Promise(setImmediate);
					given.data(piece);
				}
				end();
			})();
		},
		write: () => true,
		schedule: (flush) => flush(),
		end,
		destroy: end,
	};
}

const whole = refusalBytes("it presents no certificate");

test.each([
	["at once", [whole]],
	["in pieces", [whole.subarray(0, whole.length - 20), whole.subarray(whole.length - 20)]],
])("a client that is turned away fails with the reason, and did not run: %s", async (_, pieces) => {
	await using client = createClient(Probe, {
		url: "refusing://there",
		middleware: [],
		transports: [
			{ scheme: "refusing", dial: (address) => new FramesPeer(address, async () => saying(pieces)) },
		],
	});
	await expect(client.echo({ text: "hi" })).rejects.toMatchObject({
		code: "unavailable",
		message: expect.stringContaining("it presents no certificate"),
		notExecuted: true,
	});
});
