import type { OutgoingHttpHeaders } from "node:http";
import { type HttpRequest, type HttpResponse, ResponseLayer } from "@allium/node";
import { requestIdFrom, requestIdHeader } from "../metadata/forwarding.ts";

/** Gives a request its id, which is sent to services, too. Call it before the headers of the request are read. */
export function identify({ rawHeaders }: HttpRequest): string {
	const id = requestIdFrom(drop(rawHeaders, requestIdHeader));
	rawHeaders.push(requestIdHeader, id);
	return id;
}

/** An answer that carries the id of its request. */
export class IdentifiedResponse extends ResponseLayer {
	readonly #id: string;

	constructor(inner: HttpResponse, id: string) {
		super(inner);
		this.#id = id;
	}

	/**
	 * The id goes out with the other headers. If a header were set ahead of them, Node would send each the slow way.
	 */
	protected override addHeaders(headers: OutgoingHttpHeaders): void {
		headers[requestIdHeader] ??= this.#id;
	}
}

/** Removes the cookies from a request that becomes a call. Services do not get them, and metadata has little room. */
export function dropCookies({ rawHeaders }: HttpRequest): void {
	drop(rawHeaders, "cookie");
}

/** Removes a header from a list of names and values in turn. Returns its first value. */
function drop(rawHeaders: string[], name: string): string | undefined {
	let first: string | undefined;
	for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
		const candidate = rawHeaders[index] as string;
		// The length alone rules out most names.
		if (candidate.length !== name.length || candidate.toLowerCase() !== name) continue;
		first = rawHeaders[index + 1];
		rawHeaders.splice(index, 2);
	}
	return first;
}
