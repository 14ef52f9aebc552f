import { type Code, isCode, type ServiceError } from "@allium/core";
import { serviceErrorFrom } from "@allium/core/transport";

/** An error as it lies in a journal. */
export interface RecordedError {
	readonly code: string;
	readonly reason?: string;
	readonly message: string;
	readonly data?: unknown;
	/** The service that the error belongs to. */
	readonly domain?: string;
}

/** An error, to be recorded. */
export function recordedError({ code, reason, message, data, domain }: ServiceError): RecordedError {
	return {
		code,
		message,
		...(reason !== undefined && { reason }),
		...(data !== undefined && { data }),
		...(domain !== undefined && { domain }),
	};
}

/** The error that was recorded, as code can catch and recognise it. */
export function errorOf({ code, reason, message, data, domain }: RecordedError): ServiceError {
	const known: Code = isCode(code) ? code : "unknown";
	return serviceErrorFrom({ code: known, reason, message, data }, { domain });
}
