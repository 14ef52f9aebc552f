import type { HttpRequest, HttpResponse } from "@allium/node";
import { requestIdFrom, requestIdHeader } from "../metadata/forwarding.ts";
import type { Answering } from "./answer.ts";

/** Gives a request its id, by which services and the client know it too. Call it before its headers are read. */
export function identify(request: HttpRequest, response: HttpResponse): string {
	const { rawHeaders } = request;
	const id = requestIdFrom(drop(rawHeaders, requestIdHeader));
	rawHeaders.push(requestIdHeader, id);
	const answering: Answering = response;
	const { writeHead } = answering;
	// One of all headers: where one is set before the others, each takes the slow way.
	const withId: Answering["writeHead"] = (status, headers = {}) => {
		headers[requestIdHeader] ??= id;
		return writeHead.call(response, status, headers);
	};
	// Not written where it is assigned: V8 would take it for one that lives long, and keep the whole request for it.
	answering.writeHead = withId;
	return id;
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
