import type { ServiceError } from "@allium/core";
import { httpStatus, toConnectError } from "@allium/core/http";

/** A whole answer that the server gives by itself. */
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

/** An error as calls answer theirs. */
export function errorAnswer(error: ServiceError): Answer {
	return json(httpStatus(error.code), toConnectError(error, ""));
}
