import { type Logger, ServiceError, toServiceError } from "@allium/core";
import { httpStatus, toConnectError } from "@allium/core/http";
import type { HttpRequest } from "../http/http-request.ts";
import type { HttpResponse } from "../http/http-response.ts";

/** A whole answer that the server gives itself. */
export interface Answer {
	readonly status: number;
	readonly type: string;
	readonly text: string;
	readonly headers?: Readonly<Record<string, string>>;
}

export const jsonType = "application/json";

export function json(status: number, body: unknown): Answer {
	return { status, type: jsonType, text: JSON.stringify(body) };
}

/** Answers an error in the same form as calls do. */
export function errorAnswer(error: ServiceError): Answer {
	return json(httpStatus(error.code), toConnectError(error, ""));
}

/** The refusal of a verb that a path does not accept. */
export function wrongVerb(path: string, verbs: readonly string[]): Answer {
	const allow = verbs.join(", ");
	const message = `${path} takes only ${allow}`;
	const refusal = errorAnswer(new ServiceError({ code: "unimplemented", message }));
	return { ...refusal, status: 405, headers: { allow } };
}

interface AnswerGiver {
	readonly logger: Logger;
	answer(request: HttpRequest, response: HttpResponse, answer: Answer): void;
}

/** Gives the answer that `make` yields, or its error. */
export function answerTo(
	port: AnswerGiver,
	request: HttpRequest,
	response: HttpResponse,
	make: () => Answer | Promise<Answer>,
): void {
	Promise.try(make)
		.then(
			(answer) => port.answer(request, response, answer),
			(error) => port.answer(request, response, errorAnswer(toServiceError(error))),
		)
		.catch((error) => {
			port.logger.log("error", "a request could not be answered", { path: request.path, error });
			response.destroy();
		});
}
