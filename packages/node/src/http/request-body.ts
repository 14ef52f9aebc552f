import { Readable } from "node:stream";
import { abandon } from "@allium/core/transport";
import { Turn } from "./turn.ts";

/** The body of a request whose input is a stream: each message in an envelope, written as fast as the server reads. */
export class RequestBody extends Readable {
	readonly #messages: AsyncIterator<unknown>;
	readonly #write: (message: unknown) => Buffer;
	readonly #failed: (error: unknown) => void;
	readonly #turn = new Turn();
	#pulling = false;

	/**
	 * @param write writes a message in its envelope.
	 * @param failed called when the input fails, or when a message cannot be written.
	 */
	constructor(
		input: AsyncIterable<unknown>,
		write: (message: unknown) => Buffer,
		failed: (error: unknown) => void,
	) {
		super({ highWaterMark: 64 * 1024 });
		this.#messages = input[Symbol.asyncIterator]();
		this.#write = write;
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
		// This has no effect on an input that is over.
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
			const envelope = this.#write(result.value);
			if (this.#turn.spent(envelope.length)) {
				await this.#turn.next();
				if (this.destroyed) return;
			}
			if (!this.push(envelope)) break;
		}
		this.#pulling = false;
	}
}
