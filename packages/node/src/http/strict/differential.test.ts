import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { conversations } from "./fixtures/conversations.ts";
import { difference } from "./fixtures/difference.ts";
import { nodeServer, type RecordedServer, strictServer } from "./fixtures/recorded-server.ts";
import { smugglingShapes } from "./fixtures/shapes.ts";

let strict: RecordedServer;
let node: RecordedServer;

beforeAll(async () => {
	[strict, node] = await Promise.all([strictServer(), nodeServer()]);
});

afterAll(() => {
	strict.close();
	node.close();
});

async function compared(parts: readonly Uint8Array[]): Promise<string | undefined> {
	return difference(await strict.converse(parts), await node.converse(parts));
}

describe("a handler sees the requests that Node's server alone would give it", () => {
	test.each(smugglingShapes)("of a shape that smuggles: %s", async (_, text) => {
		const bytes = Buffer.from(text, "latin1");
		expect(await compared([bytes])).toBeUndefined();
		const single = [...bytes].map((byte) => Buffer.of(byte));
		expect(await compared(single)).toBeUndefined();
	});

	test("of any bytes, in any cut", async () => {
		const numRuns = Number(process.env.ALLIUM_FUZZ_RUNS ?? 500);
		const property = fc.asyncProperty(conversations, async (parts) => {
			expect(await compared(parts)).toBeUndefined();
		});
		await fc.assert(property, { seed: Number(process.env.ALLIUM_FUZZ_SEED ?? 2_026), numRuns });
	});
});
