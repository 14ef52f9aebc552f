import { ServiceError } from "../../errors/service-error.ts";
import type { HttpCall, HttpExit } from "./http-call.ts";

/** A request as `fetch` takes it. */
export interface FetchRequest {
	readonly url: string;
	/** Names and values alternate. */
	readonly headers: readonly string[];
	/** Undefined for a GET. */
	readonly body: string | Uint8Array | undefined;
	readonly credentials: "omit" | "same-origin" | "include" | undefined;
}

/**
 * Sends the request of a call and passes the response to the call. Never rejects, because the call reports its
 * outcome.
 */
export async function runFetch(request: FetchRequest, call: HttpCall): Promise<void> {
	const exit = new FetchExit();
	call.began(exit);
	const response = await send(request, exit.signal).catch((error) => call.abort(unanswered(request, error)));
	if (response === undefined) return;
	try {
		call.answered(response.status, Object.fromEntries(response.headers));
		const reader = response.body?.getReader();
		while (reader !== undefined) {
			await exit.open;
			const { done, value } = await reader.read();
			if (done) break;
			call.received(value);
		}
		call.completed();
	} catch (error) {
		call.failed(error, true);
	}
}

async function send(request: FetchRequest, signal: AbortSignal): Promise<Response> {
	const { url, headers, body, credentials } = request;
	return fetch(url, {
		method: body === undefined ? "GET" : "POST",
		headers: pairs(headers),
		signal,
		...(body !== undefined && { body: typeof body === "string" ? body : unshared(body) }),
		...(credentials !== undefined && { credentials }),
	});
}

/** The platform does not tell whether the request went out, so it may have been executed. */
function unanswered({ url }: FetchRequest, error: Error): ServiceError {
	const reason = error.cause instanceof Error ? error.cause.message : error.message;
	const message = `no answer from ${url}: ${reason}; is the server up, and does it take requests of this page?`;
	return new ServiceError({ code: "unavailable", message, cause: error });
}

/** The outgoing side of a call over `fetch`. */
class FetchExit implements HttpExit {
	readonly #controller = new AbortController();
	/** Set while the bytes are paused. */
	#gate: PromiseWithResolvers<void> | undefined;

	get signal(): AbortSignal {
		return this.#controller.signal;
	}

	/** Resolves when bytes may arrive. Undefined unless they are paused. */
	get open(): Promise<void> | undefined {
		return this.#gate?.promise;
	}

	abort(): void {
		this.#controller.abort();
		this.resume();
	}

	pause(): void {
		this.#gate ??= Promise.withResolvers();
	}

	resume(): void {
		this.#gate?.resolve();
		this.#gate = undefined;
	}
}

/** Bytes in the form that `fetch` takes, because it refuses memory that threads share. */
function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
	return isUnshared(bytes) ? bytes : new Uint8Array(bytes);
}

function isUnshared(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
	return bytes.buffer instanceof ArrayBuffer;
}

function pairs(headers: readonly string[]): [string, string][] {
	const list: [string, string][] = [];
	for (let index = 0; index + 1 < headers.length; index += 2) {
		list.push([headers[index] as string, headers[index + 1] as string]);
	}
	return list;
}
