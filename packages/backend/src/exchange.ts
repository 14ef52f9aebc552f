import { type Agent, type IncomingMessage, request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import type { ConnectionOptions } from "node:tls";
import type { Context } from "@allium/core";
import { afterSilence, type Timer } from "@allium/core/transport";
import type { BackendRequest } from "./backend-request.ts";
import { backendClosed, hostOf, silent, unanswered, unreachable } from "./faults.ts";

/** The parts that an exchange needs. */
export interface ExchangeOptions {
	readonly name: string;
	readonly withoutTls: string;
	readonly request: BackendRequest;
	readonly ctx: Context | undefined;
	readonly closing: AbortSignal;
}

/** One request on its way, and the reasons for which it may end. */
export class Exchange implements Disposable {
	readonly #options: ExchangeOptions;
	readonly #ending = new AbortController();
	readonly #response = Promise.withResolvers<IncomingMessage>();
	readonly #unlisten: (() => void)[] = [];
	#hasHead = false;
	#isTimeUp = false;
	#isClosed = false;
	#timer: Timer | undefined;
	#limitMs = 0;

	constructor(options: ExchangeOptions) {
		this.#options = options;
		const { ctx, closing } = options;
		this.#endWith(closing, () => {
			this.#isClosed = true;
		});
		if (ctx !== undefined) this.#endWith(ctx.signal, () => {});
		this.#response.promise.catch(() => {});
	}

	get response(): Promise<IncomingMessage> {
		return this.#response.promise;
	}

	/** Whether the server did not answer in time. */
	get isTimeUp(): boolean {
		return this.#isTimeUp;
	}

	/** Limits the exchange to this many milliseconds from now on, not counting the time in which this thread is busy. */
	limit(milliseconds: number): void {
		this.#timer?.stop();
		this.#limitMs = milliseconds;
		this.#timer = afterSilence(milliseconds, () => {
			this.#isTimeUp = true;
			this.#ending.abort();
		});
	}

	/** @param agent Undefined for a separate connection. */
	send(tls: ConnectionOptions, agent: Agent | undefined): void {
		const { method, url, headers, body, timeoutMs } = this.#options.request;
		const isSecure = url.startsWith("https:");
		const sent = (isSecure ? secureRequest : plainRequest)(url, {
			method,
			headers: { ...headers, ...(body !== undefined && { "content-length": Buffer.byteLength(body) }) },
			agent: agent ?? false,
			signal: this.#ending.signal,
			...(isSecure && tls),
		});
		// The wait for a free connection does not count as the server's time.
		sent.on("socket", () => this.limit(timeoutMs));
		sent.on("response", (response) => {
			this.#hasHead = true;
			this.#response.resolve(response);
		});
		sent.on("error", (error) => {
			// The server closed a kept connection just as the request went out. The request can be repeated, because adapters
			// send only requests that may be sent twice.
			const isStale = sent.reusedSocket && !this.#hasHead && "code" in error && error.code === "ECONNRESET";
			if (isStale && !this.#ending.signal.aborted) this.send(tls, undefined);
			else this.#response.reject(error);
		});
		sent.end(body);
	}

	/** Turns an error of the platform into the one that callers get. */
	explained(error: unknown): unknown {
		const { name, withoutTls, request, ctx } = this.#options;
		if (ctx?.error !== undefined) return ctx.error;
		if (this.#isClosed) return backendClosed();
		const { url, silenceMs } = request;
		if (!this.#isTimeUp) return unreachable(name, url, error, withoutTls);
		const isStream = this.#hasHead && silenceMs !== undefined;
		return (isStream ? silent : unanswered)(name, hostOf(url), this.#limitMs);
	}

	[Symbol.dispose](): void {
		this.#timer?.stop();
		this.#timer = undefined;
		for (const unlisten of this.#unlisten) unlisten();
	}

	#endWith(signal: AbortSignal, note: () => void): void {
		const end = (): void => {
			note();
			this.#ending.abort();
		};
		if (signal.aborted) end();
		signal.addEventListener("abort", end);
		this.#unlisten.push(() => signal.removeEventListener("abort", end));
	}
}
