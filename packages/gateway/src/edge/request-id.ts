import type { OutgoingHttpHeaders } from "node:http";
import { type HttpRequest, type HttpResponse, ResponseLayer } from "@allium/node";
import { requestIdFrom, requestIdHeader } from "../metadata/forwarding.ts";

/** Gives a request its id, by which services know it too. Call it before its headers are read. */
export function identify({ rawHeaders }: HttpRequest): string {
	const id = requestIdFrom(drop(rawHeaders, requestIdHeader));
	rawHeaders.push(requestIdHeader, id);
	return id;
}

/** An answer that tells the client the id of its request. */
export class IdentifiedResponse extends ResponseLayer {
	readonly #id: string;

	constructor(inner: HttpResponse, id: string) {
		super(inner);
		this.#id = id;
	}

	/** One of all headers: where one is set before the others, each takes the slow way. */
	protected override addHeaders(headers: OutgoingHttpHeaders): void {
		headers[requestIdHeader] ??= this.#id;
	}
}

/** Takes the cookies from a request that becomes a call: no service gets them, and metadata has little room. */
export function dropCookies({ rawHeaders }: HttpRequest): void {
	drop(rawHeaders, "cookie");
}

/** Takes a header out of names and values in turn. Returns the first value that it had. */
function drop(rawHeaders: string[], name: string): string | undefined {
	let first: string | undefined;
	for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
		const candidate = rawHeaders[index] as string;
		// Most are told apart by this alone.
		if (candidate.length !== name.length || candidate.toLowerCase() !== name) continue;
		first = rawHeaders[index + 1];
		rawHeaders.splice(index, 2);
	}
	return first;
}
