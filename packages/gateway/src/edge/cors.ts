import { ServiceError } from "@allium/core";
import type { HttpRequest, HttpResponse } from "@allium/node";
import type { Answering } from "./answer.ts";

/** How long a browser may keep the answer to a preflight, in seconds. */
const maxAgeSeconds = 3_600;

const methods = "GET, HEAD, POST, PUT, PATCH, DELETE";

/** Tells browsers which pages of other origins may call. Without credentials: cookies go to no service. */
export class Cors {
	readonly #origins: ReadonlySet<string>;

	/** @throws ServiceError `failed_precondition` when an origin is none. */
	constructor(origins: readonly string[]) {
		for (const origin of origins) {
			if (origin === "*" || URL.parse(origin)?.origin === origin) continue;
			throw new ServiceError({
				code: "failed_precondition",
				reason: "invalid_configuration",
				message: `cors takes origins such as https://app.example.com, or *, and got ${JSON.stringify(origin)}`,
			});
		}
		this.#origins = new Set(origins);
	}

	/** Adds what browsers need to know to the response. True when the request was a preflight, and is answered. */
	apply(request: HttpRequest, response: HttpResponse): boolean {
		if (this.#origins.size === 0) return false;
		const { origin } = request.headers;
		const all = this.#origins.has("*");
		if (!all) response.setHeader("vary", "origin");
		const allowed = origin !== undefined && (all || this.#origins.has(origin));
		if (allowed) {
			response.setHeader("access-control-allow-origin", all ? "*" : origin);
			response.setHeader("access-control-expose-headers", "*");
		}
		const asked = request.headers["access-control-request-method"];
		if (request.method !== "OPTIONS" || origin === undefined || asked === undefined) return false;
		if (allowed) {
			response.setHeader("access-control-allow-methods", methods);
			response.setHeader("access-control-max-age", maxAgeSeconds);
			const names = request.headers["access-control-request-headers"];
			if (typeof names === "string") response.setHeader("access-control-allow-headers", names);
		}
		const answering: Answering = response;
		answering.writeHead(204);
		response.end();
		return true;
	}
}
