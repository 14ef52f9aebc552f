import { expect } from "vitest";
import { until } from "./call-lab.ts";
import type { Cases } from "./cases.ts";

/** Many calls at once. */
export function loadTests(cases: Cases): void {
	for (const count of [1_000, 10_000]) {
		cases.one(
			`unary: ${count.toLocaleString("en")} concurrent calls each get their own reply`,
			count > 1_000 ? ["unary", "many"] : ["unary"],
			async (lab) => {
				const calls = Array.from({ length: count }, (_, n) => lab.client.unary({ text: String(n) }));
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
