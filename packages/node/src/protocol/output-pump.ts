import type { OutgoingHttpHeaders } from "node:http";
import { abandon } from "@allium/core/transport";
import { Turn } from "../http/turn.ts";
import type { Exchange } from "./exchange.ts";

/** How the messages of a stream are written. */
export interface OutputFraming {
	readonly contentType: string;
	/** Headers of this framing. */
	readonly headers?: Readonly<OutgoingHttpHeaders>;
	/** Writes one message. */
	frame(message: unknown): Uint8Array;
	/** Sends the end of a successful answer. */
	sendEnd(): void;
}

/** Sends the messages that a handler yields, as fast as the client reads. */
export class OutputPump {
	readonly #exchange: Exchange;
	readonly #framing: OutputFraming;
	#output: AsyncIterator<unknown> | undefined;
	#isHeadSent = false;
	/** Continues the producer when the client has read. */
	#wake: (() => void) | undefined;
	#hearsDrain = false;

	constructor(exchange: Exchange, framing: OutputFraming) {
		this.#exchange = exchange;
		this.#framing = framing;
	}

	/** Whether the client must read before more is sent. */
	get isWaiting(): boolean {
		return this.#wake !== undefined;
	}

	/**
	 * Sends all messages, and the end. The head goes out with the first message, so that a generator can set headers
	 * before it. If no message comes within one turn of the event loop, the head goes out then, so that the caller
	 * knows that the call was accepted.
	 */
	send(messages: AsyncIterable<unknown>): void {
		if (this.#exchange.request.method === "HEAD") this.#answerHead(messages);
		else this.#sendAll(messages).catch((error) => this.#exchange.fail(error));
	}

	/** Sends the head, unless it has been sent. */
	sendHead(): void {
		const exchange = this.#exchange;
		if (this.#isHeadSent || exchange.isOver) return;
		const { contentType, headers: own } = this.#framing;
		const headers = exchange.headers(contentType);
		if (own !== undefined) Object.assign(headers, own);
		const { response } = exchange.call;
		if (response.hasHeaders) exchange.addMetadata(headers, response.headers);
		exchange.response.writeHead(200, headers);
		this.#isHeadSent = true;
		exchange.response.flushHead();
	}

	/** The call is over. Tells the producer. */
	stop(): void {
		const output = this.#output;
		this.#output = undefined;
		abandon(output);
		this.#wake?.();
	}

	/** A HEAD asks for the head alone. */
	#answerHead(messages: AsyncIterable<unknown>): void {
		this.sendHead();
		this.#exchange.finish("");
		abandon(messages[Symbol.asyncIterator]());
	}

	async #sendAll(messages: AsyncIterable<unknown>): Promise<void> {
		const exchange = this.#exchange;
		const output = messages[Symbol.asyncIterator]();
		this.#output = output;
		setImmediate(() => this.#sendHeadAlone());
		const turn = new Turn();
		while (!exchange.isOver) {
			const result = await output.next();
			if (exchange.isOver) return;
			if (result.done === true) {
				this.#output = undefined;
				this.sendHead();
				this.#framing.sendEnd();
				return;
			}
			const framed = this.#framing.frame(result.value);
			this.sendHead();
			if (!exchange.response.write(framed)) await this.#drained();
			if (turn.spent(framed.length)) await turn.next();
		}
	}

	/** This runs outside of the producer's turn, so an error of it must be caught here. */
	#sendHeadAlone(): void {
		try {
			this.sendHead();
		} catch (error) {
			this.#exchange.fail(error);
		}
	}

	#drained(): Promise<void> {
		const { response } = this.#exchange;
		if (response.isClosed) return Promise.resolve();
		if (!this.#hearsDrain) {
			this.#hearsDrain = true;
			response.onDrain(() => this.#wake?.());
		}
		return new Promise((resolve) => {
			this.#wake = () => {
				this.#wake = undefined;
				resolve();
			};
		});
	}
}
