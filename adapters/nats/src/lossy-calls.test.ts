import { Context, Endpoints } from "@allium/core";
import { FramesPeer, ServerConnection } from "@allium/core/frames";
import { expect, test } from "vitest";
import { Calculator, calculator } from "./fixtures/calculator.ts";
import { type MessageCarrier, MessagePipe } from "./message-pipe.ts";
import { resetMessage } from "./nats-pipe.ts";

/** Numbers between 0 and 1, the same for the same seed. */
function randomNumbers(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
		return state / 2 ** 31;
	};
}

/** A network that loses, doubles, delays and spoils messages. */
class BadNetwork {
	faults = 0;
	readonly #random: () => number;
	readonly #rate: number;

	constructor(seed: number, rate: number) {
		this.#random = randomNumbers(seed);
		this.#rate = rate;
	}

	/** The two ends of a pipe. An end that is gone answers what arrives with a reset, as the table of pipes does. */
	pipes(): [MessagePipe, MessagePipe] {
		const ends: MessagePipe[] = [];
		const gone = new Set<number>();
		const carrier = (to: number): MessageCarrier => ({
			maxMessageBytes: 1_024,
			send: (message) => {
				this.#carry(message, (arrived) => {
					if (gone.has(to)) ends[1 - to]?.receive(resetMessage);
					else ends[to]?.receive(arrived);
				});
			},
			leave: () => void gone.add(1 - to),
		});
		const pair: [MessagePipe, MessagePipe] = [
			new MessagePipe({ address: "callee" }, carrier(1)),
			new MessagePipe({ address: "caller" }, carrier(0)),
		];
		ends.push(...pair);
		return pair;
	}

	#carry(message: Uint8Array, arrive: (message: Uint8Array) => void): void {
		if (this.#random() >= this.#rate) {
			setImmediate(arrive, message);
			return;
		}
		this.faults++;
		const kind = Math.floor(this.#random() * 4);
		if (kind === 1) setImmediate(arrive, message);
		if (kind === 1 || kind === 2) setImmediate(() => setImmediate(arrive, message));
		if (kind === 3) setImmediate(arrive, message.subarray(Math.floor(this.#random() * message.length)));
	}
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
	"over a network that loses, doubles, delays and spoils messages, each call has its own reply or fails (seed %i)",
	async (seed) => {
		const network = new BadNetwork(seed, 0.03);
		const endpoints = new Endpoints();
		endpoints.serve(Calculator, calculator);
		const pipes: MessagePipe[] = [];
		const peer = new FramesPeer("bad:", async () => {
			const [ours, theirs] = network.pipes();
			pipes.push(ours, theirs);
			new ServerConnection(theirs, endpoints);
			return ours;
		});
		const sum = peer.endpoint(Calculator.sum);
		const outcomes = { ok: 0, unavailable: 0 };
		const callers = Array.from({ length: 4 }, async (_, caller) => {
			for (let round = 1; round <= 150; round++) {
				const [a, b] = [caller * 1_000, round];
				const ctx = Context.background().withTimeout(60_000);
				try {
					expect(await sum({ a, b }, ctx)).toEqual({ v: a + b });
					outcomes.ok++;
				} catch (error) {
					expect(error).toMatchObject({ code: "unavailable" });
					outcomes.unavailable++;
					await new Promise((resolve) => setImmediate(resolve));
				}
			}
		});
		// The next probe notices the loss of the last message.
		let over = false;
		const ticking = (async () => {
			while (!over) {
				for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
				for (const pipe of pipes) pipe.tick();
			}
		})();
		await Promise.all(callers);
		over = true;
		await ticking;
		expect(outcomes.ok + outcomes.unavailable).toBe(4 * 150);
		expect(network.faults).toBeGreaterThan(0);
		expect(outcomes.ok).toBeGreaterThan(0);
		await peer.close();
	},
);
