import type { Answer, Assignment } from "../protocol.ts";

/** What a process of the benchmark was started for. */
export function assignment(): Assignment {
	return JSON.parse(process.argv[2] ?? "{}") as Assignment;
}

/** Begins, says so, and answers what the parent asks, one after the other, until the parent is gone. */
export async function answerParent<Question>(
	begin: () => Promise<{
		readonly ready: unknown;
		answer(question: Question): unknown;
		close(): Promise<void>;
	}>,
): Promise<void> {
	const say = (answer: Answer<unknown>): void => void (process.connected && process.send?.(answer));
	const attempt = async (run: () => unknown): Promise<void> => {
		try {
			say({ value: await run() });
		} catch (error) {
			say({ error: error instanceof Error ? error.message || error.name : String(error) });
		}
	};
	await attempt(async () => {
		const { ready, answer, close } = await begin();
		process.on("message", (question: Question) => void attempt(() => answer(question)));
		process.on("disconnect", () => {
			// What does not close ends all the same.
			setTimeout(() => process.exit(), 3_000).unref();
			void close().finally(() => process.exit());
		});
		return ready;
	});
}
