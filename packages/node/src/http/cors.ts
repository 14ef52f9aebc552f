import type { OutgoingHttpHeaders } from "node:http";
import { ServiceError } from "@allium/core";
import type { HttpLayer } from "./http-layer.ts";
import type { HttpRequest } from "./http-request.ts";
import type { HttpResponse } from "./http-response.ts";
import { ResponseLayer } from "./response-layer.ts";
import { addVary } from "./vary.ts";

/** How long a browser may keep the answer to a preflight, in seconds. */
const maxAgeSeconds = 3_600;

const methods = "GET, HEAD, POST, PUT, PATCH, DELETE";

/**
 * Tells browsers which pages of other origins may call. It allows no credentials, so a browser sends no cookies.
 * Headers that an answer sets itself take precedence.
 *
 * @param origins such as `https://app.example.com`, or `*` for all.
 * @throws ServiceError `failed_precondition` when an origin is malformed.
 * @example
 * await listen(endpoints, { http: cors(["https://app.example.com"]) });
 */
export function cors(origins: readonly string[]): HttpLayer {
	const allowed = checked(origins);
	const all = allowed.has("*");
	const allows = (origin: string | undefined): string | undefined => {
		if (all) return "*";
		return origin !== undefined && allowed.has(origin) ? origin : undefined;
	};
	if (allowed.size === 0) return (_request, _response, next) => next();
	return (request, response, next) => {
		const answer = new CorsResponse(response, allows(request.header("origin")), !all);
		if (isPreflight(request)) answerPreflight(request, answer);
		else next(answer);
	};
}

function checked(origins: readonly string[]): ReadonlySet<string> {
	for (const origin of origins) {
		if (origin === "*" || URL.parse(origin)?.origin === origin) continue;
		throw new ServiceError({
			code: "failed_precondition",
			reason: "invalid_configuration",
			message: `cors takes origins such as https://app.example.com, or *, and got ${JSON.stringify(origin)}`,
		});
	}
	return new Set(origins);
}

/** A response that names the origin whose pages may read it. */
class CorsResponse extends ResponseLayer {
	/** The origin whose pages may read it; undefined when the origin of the request may not. */
	readonly allowed: string | undefined;
	/** Whether the answer depends on the origin, which caches must know. */
	readonly #varies: boolean;

	constructor(inner: HttpResponse, allowed: string | undefined, varies: boolean) {
		super(inner);
		this.allowed = allowed;
		this.#varies = varies;
	}

	protected override addHeaders(headers: OutgoingHttpHeaders): void {
		if (this.#varies) addVary(headers, "origin");
		if (this.allowed !== undefined) {
			headers["access-control-allow-origin"] ??= this.allowed;
			headers["access-control-expose-headers"] ??= "*";
		}
	}
}

/** Whether a request is a preflight, by which a browser asks for permission before it sends a page's request. */
function isPreflight(request: HttpRequest): boolean {
	return (
		request.method === "OPTIONS" &&
		request.header("origin") !== undefined &&
		request.header("access-control-request-method") !== undefined
	);
}

function answerPreflight(request: HttpRequest, response: CorsResponse): void {
	const headers: OutgoingHttpHeaders = {};
	if (response.allowed !== undefined) {
		headers["access-control-allow-methods"] = methods;
		headers["access-control-max-age"] = String(maxAgeSeconds);
		const names = request.header("access-control-request-headers");
		if (names !== undefined) headers["access-control-allow-headers"] = names;
	}
	response.endWithHead(204, headers);
}
