import type { Codec } from "../codec/codec.ts";
import { noMetadata } from "../context/metadata.ts";
import { abandon } from "../endpoint/leave-stream.ts";
import type { Stream } from "./stream.ts";
import { beginEnd } from "./wire/end-frame.ts";

/** The input of a call that is a stream: sends its messages as there is room for them. */
export class StreamedInput {
	readonly #stream: Stream;
	readonly #codec: Codec;
	#source: AsyncIterator<unknown> | undefined;

	constructor(stream: Stream, codec: Codec) {
		this.#stream = stream;
		this.#codec = codec;
	}

	/** Sends all messages, then END. Rejects with the error of the source, or of a message that cannot be sent. */
	async send(input: AsyncIterable<unknown>): Promise<void> {
		const source = input[Symbol.asyncIterator]();
		this.#source = source;
		if (this.#stream.closed) return this.stop();
		while (!this.#stream.closed) {
			const result = await source.next();
			if (this.#stream.closed) return;
			if (result.done === true) break;
			const wait = this.#stream.send(this.#codec.encode(result.value));
			if (wait !== undefined) await wait;
		}
		this.#source = undefined;
		if (!this.#stream.closed) this.#end();
	}

	/** The call is over: the source may stop. */
	stop(): void {
		const source = this.#source;
		this.#source = undefined;
		abandon(source);
	}

	#end(): void {
		const { batch } = this.#stream.connection;
		beginEnd(batch.writer, this.#stream.id, noMetadata);
		batch.finishControl();
	}
}
