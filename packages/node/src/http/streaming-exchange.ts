import type { ServiceError } from "@allium/core";
import { jsonCodec } from "@allium/core";
import { abandon } from "@allium/core/transport";
import { Exchange } from "./exchange.ts";
import { Turn } from "./turn.ts";

/** A call whose reply may be a stream: sends what the handler yields, as fast as the client reads. */
export abstract class StreamingExchange extends Exchange {
	#output: AsyncIterator<unknown> | undefined;
	#headSent = false;
	/** Continues the producer when the client reads on. */
	#wake: (() => void) | undefined;

	protected abstract readonly contentType: string;
	/** One message as it goes out. */
	protected abstract frame(text: string): Buffer;
	/** Sends the end of an answer that went well. */
	protected abstract sendEnd(): void;

	/** Whether the client has to read before it gets more. */
	protected get waiting(): boolean {
		return this.#wake !== undefined;
	}

	protected stop(_error: ServiceError): void {
		const output = this.#output;
		this.#output = undefined;
		abandon(output);
		this.#wake?.();
	}

	/**
	 * Sends what the handler yields. The head goes out with the first message, so that a generator can set headers
	 * before it; or a turn of the loop later, so that the caller knows that the call was accepted.
	 */
	protected pump(messages: AsyncIterable<unknown>): void {
		if (this.request.method === "HEAD") this.#answerHead(messages);
		else this.#pump(messages).catch((error) => this.fail(error));
	}

	protected sendHead(): void {
		if (this.#headSent || this.over) return;
		const headers = this.headers(this.contentType);
		const { response } = this.call;
		if (response.hasHeaders) this.addMetadata(headers, response.headers);
		this.response.writeHead(200, headers);
		this.#headSent = true;
		this.response.flushHeaders?.();
	}

	/** The head alone tells all that a HEAD asks for. */
	#answerHead(messages: AsyncIterable<unknown>): void {
		this.sendHead();
		this.finish("");
		abandon(messages[Symbol.asyncIterator]());
	}

	async #pump(messages: AsyncIterable<unknown>): Promise<void> {
		const output = messages[Symbol.asyncIterator]();
		this.#output = output;
		setImmediate(() => this.#sendHeadAlone());
		const turn = new Turn();
		while (!this.over) {
			const result = await output.next();
			if (this.over) return;
			if (result.done === true) {
				this.#output = undefined;
				this.sendHead();
				this.sendEnd();
				return;
			}
			const framed = this.frame(this.call.encode(jsonCodec, result.value));
			this.sendHead();
			if (!this.response.write(framed)) await this.#drained();
			if (turn.spent(framed.length)) await turn.next();
		}
	}

	/** Outside of the producer's turn, so nobody else sees it fail. */
	#sendHeadAlone(): void {
		try {
			this.sendHead();
		} catch (error) {
			this.fail(error);
		}
	}

	#drained(): Promise<void> {
		if (this.response.destroyed) return Promise.resolve();
		return new Promise((resolve) => {
			this.#wake = () => {
				this.#wake = undefined;
				resolve();
			};
			this.response.once("drain", this.#wake);
		});
	}
}
