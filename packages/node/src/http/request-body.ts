import { Readable } from "node:stream";
import type { Codec } from "@allium/core";
import { abandon } from "@allium/core/transport";
import { writeEnvelope } from "./envelope.ts";
import { Turn } from "./turn.ts";

/** The body of a request whose input is a stream: each message in an envelope, written as the server reads. */
export class RequestBody extends Readable {
	readonly #messages: AsyncIterator<unknown>;
	readonly #codec: Codec;
	readonly #failed: (error: unknown) => void;
	readonly #turn = new Turn();
	#pulling = false;

	/** @param failed called when the input fails, or a message of it cannot be encoded. */
	constructor(input: AsyncIterable<unknown>, codec: Codec, failed: (error: unknown) => void) {
		super({ highWaterMark: 64 * 1024 });
		this.#messages = input[Symbol.asyncIterator]();
		this.#codec = codec;
		this.#failed = failed;
	}

	override _read(): void {
		if (this.#pulling) return;
		this.#pulling = true;
		this.#pull().catch((error) => {
			this.#failed(error);
			this.destroy();
		});
	}

	override _destroy(_error: Error | null, done: () => void): void {
		// Has no effect on an input that is over.
		abandon(this.#messages);
		done();
	}

	async #pull(): Promise<void> {
		for (;;) {
			const result = await this.#messages.next();
			if (this.destroyed) return;
			if (result.done === true) {
				this.push(null);
				return;
			}
			const envelope = writeEnvelope(0, this.#codec.encode(result.value));
			if (this.#turn.spent(envelope.length)) {
				await this.#turn.next();
				if (this.destroyed) return;
			}
			if (!this.push(envelope)) break;
		}
		this.#pulling = false;
	}
}
