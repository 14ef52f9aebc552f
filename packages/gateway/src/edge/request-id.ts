import type { HttpRequest, HttpResponse } from "@allium/node";
import { requestIdFrom, requestIdHeader } from "../metadata/forwarding.ts";

/** Gives a request its id, by which services and the client know it too. Call it before its headers are read. */
export function identify(request: HttpRequest, response: HttpResponse): string {
	const { rawHeaders } = request;
	let given: string | undefined;
	for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
		if (rawHeaders[index]?.toLowerCase() !== requestIdHeader) continue;
		given ??= rawHeaders[index + 1];
		rawHeaders.splice(index, 2);
		index -= 2;
	}
	const id = requestIdFrom(given);
	rawHeaders.push(requestIdHeader, id);
	response.setHeader(requestIdHeader, id);
	return id;
}

/** Takes the cookies from a request that becomes a call: no service gets them, and metadata has little room. */
export function dropCookies({ rawHeaders }: HttpRequest): void {
	for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
		if (rawHeaders[index]?.toLowerCase() === "cookie") rawHeaders.splice(index, 2);
	}
}
