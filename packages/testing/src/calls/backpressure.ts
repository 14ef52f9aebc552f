import { expect, vi } from "vitest";
import { type CallLab, until } from "./call-lab.ts";
import { type Cases, inputStreams, outputStreams } from "./cases.ts";
import type { Message } from "./message.ts";

const messageBytes = 16 * 1024;

/** A producer that counts what it has produced. */
class Producer {
	bytes = 0;
	readonly #end: number;

	/** Ends after `endBytes`. */
	constructor(endBytes: number) {
		this.#end = endBytes;
	}

	async *messages(): AsyncGenerator<Message> {
		while (this.bytes < this.#end) {
			this.bytes += messageBytes;
			yield { text: "x".repeat(messageBytes) };
		}
	}

	/** Resolves when the producer has produced nothing for a while. */
	async paused(): Promise<void> {
		const seen: number[] = [];
		await vi.waitFor(
			() => {
				seen.push(this.bytes);
				const latest = seen.slice(-4);
				if (latest.length < 4 || latest[0] === 0 || latest[0] !== latest[3])
					throw new Error("still producing");
			},
			{ timeout: 10_000, interval: 25 },
		);
	}
}

/** A slow consumer pauses the producer: the bytes in flight are bounded. */
export function backpressureTests(cases: Cases): void {
	const bound = cases.maxBufferedBytes;
	const whole = Math.ceil((2 * bound) / messageBytes) * messageBytes;

	cases.each(
		"a slow consumer pauses the handler that produces, with bounded bytes",
		outputStreams,
		async (kind, lab) => {
			const producer = new Producer(whole);
			const echo = lab.handler;
			lab.handler = () => producer.messages();
			let consumed = 0;
			for await (const { text } of lab.call(kind)) {
				consumed += text.length;
				if (consumed > text.length) continue;
				lab.handler = echo;
				await expectPaused(producer, bound, lab);
			}
			expect(consumed).toBe(whole);
		},
		["backpressure"],
	);

	cases.each(
		"a slow handler pauses the caller that produces, with bounded bytes",
		inputStreams,
		async (kind, lab) => {
			const producer = new Producer(whole);
			const echo = lab.handler;
			const released = Promise.withResolvers<void>();
			let arrived = false;
			lab.handler = async function* (input) {
				arrived = true;
				let consumed = 0;
				for await (const { text } of input) {
					consumed += text.length;
					await released.promise;
				}
				yield { text: String(consumed) };
			};
			const replies = Array.fromAsync(lab.call(kind, producer.messages()));
			await until(() => arrived, "the call arrived");
			lab.handler = echo;
			await expectPaused(producer, bound, lab);
			released.resolve();
			expect(await replies).toEqual([{ text: String(whole) }]);
		},
	);

	cases.each(
		"a producer that was paused ends when its consumer leaves",
		outputStreams,
		async (kind, lab) => {
			const producer = new Producer(Number.POSITIVE_INFINITY);
			let ended = false;
			lab.handler = async function* () {
				try {
					yield* producer.messages();
				} finally {
					ended = true;
				}
			};
			const { ctx, cancel } = lab.background.withCancel();
			for await (const _ of lab.call(kind, undefined, ctx)) {
				await producer.paused();
				break;
			}
			cancel();
			await vi.waitFor(() => expect(ended).toBe(true), { interval: 5 });
			expect(producer.bytes).toBeLessThanOrEqual(bound);
		},
		["backpressure"],
	);
}

/** A producer counts as paused when few bytes are in flight and other calls proceed meanwhile. */
async function expectPaused(producer: Producer, bound: number, lab: CallLab): Promise<void> {
	await producer.paused();
	expect(producer.bytes).toBeLessThanOrEqual(bound);
	await lab.expectHealthy();
}
