import type { Answer, Assignment } from "../protocol.ts";

/** The purpose for which a process of the benchmark was started. */
export function assignment(): Assignment {
	return JSON.parse(process.argv[2] ?? "{}") as Assignment;
}

/** The task of a process of the benchmark. */
export interface Part<Question> {
	/** The first message to the parent. */
	readonly ready: unknown;
	answer(question: Question): unknown;
	close(): Promise<void>;
}

/** How long closing may take after the parent has gone, in milliseconds. */
const closeMs = 3_000;

/**
 * Starts, reports that it is ready, and answers the parent's questions one after the other until the parent has gone.
 */
export async function answerParent<Question>(begin: () => Promise<Part<Question>>): Promise<void> {
	let part: Part<Question> | undefined;
	process.on("disconnect", () => {
		setTimeout(() => process.exit(), part === undefined ? 0 : closeMs).unref();
		void part?.close().finally(() => process.exit());
	});
	await say(async () => {
		part = await begin();
		return part.ready;
	});
	process.on("message", (question: Question) => void say(() => part?.answer(question)));
}

/** Tells the parent the result. */
async function say(run: () => unknown): Promise<void> {
	let answer: Answer<unknown>;
	try {
		answer = { value: await run() };
	} catch (error) {
		answer = { error: error instanceof Error ? error.message || error.name : String(error) };
	}
	if (process.connected) process.send?.(answer);
}
