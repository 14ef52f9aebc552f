import type { ServiceError } from "@allium/core";
import { httpStatus } from "@allium/core/http";
import type { Format } from "./leased-instance.ts";

/** An answer of Eureka. */
export interface EurekaAnswer {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	/** Undefined if there is none. */
	readonly body?: string | Uint8Array;
}

/** An answer that consists of its status. */
export function plain(status: number): EurekaAnswer {
	return { status, headers: status === 204 ? {} : { "content-length": "0" } };
}

/** A document, or 404 if there is none. */
export function found(format: Format, body: string | Uint8Array | undefined): EurekaAnswer {
	if (body === undefined) return plain(404);
	return {
		status: 200,
		headers: { "content-type": `application/${format}`, "cache-control": "no-store" },
		body,
	};
}

/** The answer to a refused request, with a sentence for people. */
export function refusal({ code, reason, message }: ServiceError): EurekaAnswer {
	return {
		status: statuses[reason ?? ""] ?? httpStatus(code),
		headers: { "content-type": "text/plain; charset=utf-8" },
		body: `${message}\n`,
	};
}

export function wrongMethod(...allowed: readonly string[]): EurekaAnswer {
	return { status: 405, headers: { allow: allowed.join(", "), "content-length": "0" } };
}

/** The HTTP statuses of reasons for which the status of the code would be less exact. */
const statuses: Readonly<Record<string, number>> = {
	message_too_large: 413,
	instance_too_large: 413,
	unsupported_media_type: 415,
	registry_full: 503,
};
