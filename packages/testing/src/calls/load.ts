import { expect } from "vitest";
import { until } from "./call-lab.ts";
import type { Cases } from "./cases.ts";
import type { Message } from "./message.ts";

/** How many calls are made before the event loop turns. */
const together = 500;

/** Many calls at once. */
export function loadTests(cases: Cases): void {
	for (const count of [1_000, 10_000]) {
		cases.one(
			`unary: ${count.toLocaleString("en")} concurrent calls each get their own reply`,
			count > 1_000 ? ["unary", "many"] : ["unary"],
			async (lab) => {
				await lab.client.unary({ text: "connect" });
				const begun = Promise.withResolvers<void>();
				lab.handler = async function* (input) {
					await begun.promise;
					yield* input;
				};
				const calls: Promise<Message>[] = [];
				while (calls.length < count) {
					calls.push(lab.client.unary({ text: String(calls.length) }));
					// A server takes a process for gone whose event loop stands still for seconds, as it would on a busy machine.
					if (calls.length % together === 0) await new Promise((resolve) => setImmediate(resolve));
				}
				begun.resolve();
				const replies = await Promise.all(calls);
				expect(replies.map(({ text }) => text)).toEqual(Array.from({ length: count }, (_, n) => String(n)));
			},
		);
	}

	cases.one("server_stream: 500 streams are open at once", ["server_stream", "streams"], async (lab) => {
		let open = 0;
		const all = Promise.withResolvers<void>();
		lab.handler = async function* (input) {
			open++;
			await all.promise;
			yield* input;
		};
		const calls = Array.from({ length: 500 }, (_, n) =>
			Array.fromAsync(lab.call("server_stream", [{ text: String(n) }])),
		);
		await until(() => open === 500, "all streams are open");
		all.resolve();
		expect((await Promise.all(calls)).flat().map(({ text }) => Number(text))).toEqual(calls.map((_, n) => n));
	});
}
