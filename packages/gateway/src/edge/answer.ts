import { type Code, ServiceError } from "@allium/core";
import type { HttpRequest, HttpResponse } from "@allium/node";
import { type Answer, errorAnswer } from "@allium/node/protocol";

/** Sends an answer, unless the client is gone. */
export function give(request: HttpRequest, response: HttpResponse, answer: Answer): void {
	if (response.isClosed || response.isHeadSent) return;
	// Nothing reads the body of a request that is answered here.
	request.discard();
	const { status, type, text, headers } = answer;
	response.answer(status, { "content-type": type, ...headers }, text);
}

/** An error in the form of a failed call, with a status other than that of its code. */
export function errorWithStatus(status: number, code: Code, message: string): Answer {
	return { ...errorAnswer(new ServiceError({ code, message })), status };
}
