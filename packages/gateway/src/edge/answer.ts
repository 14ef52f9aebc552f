import type { HttpRequest, HttpResponse } from "@allium/node";
import type { Answer } from "@allium/node/protocol";

export type { Answer };

/** Sends it, unless the client is gone. */
export function give(request: HttpRequest, response: HttpResponse, answer: Answer): void {
	if (response.isClosed || response.isHeadSent) return;
	// Nothing reads the body of a request that is answered here.
	request.discard();
	const { status, type, text, headers } = answer;
	const length = Buffer.byteLength(text);
	response.writeHead(status, { "content-type": type, "content-length": length, ...headers });
	response.end(text);
}

/** An error in the form in which services give theirs. */
export function errorAnswer(status: number, code: string, message: string): Answer {
	return { status, type: "application/json", text: JSON.stringify({ code, message }) };
}
