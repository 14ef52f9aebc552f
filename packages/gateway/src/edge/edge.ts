import { type Guard, type Logger, ServiceError, toServiceError } from "@allium/core";
import { guardsOperations } from "@allium/core/transport";
import { type HttpLayer, type HttpRequest, type HttpResponse, isOriginAllowed } from "@allium/node";
import { type Answer, admit, errorAnswer, readHead, wrongVerb } from "@allium/node/protocol";
import { logAccess } from "./access-log.ts";
import { give } from "./answer.ts";
import { CompressedResponse } from "./compression.ts";
import { dropCookies, IdentifiedResponse, identify } from "./request-id.ts";
import type { ReverseProxy } from "./reverse-proxy.ts";

/** The parts of an edge. */
export interface EdgeOptions {
	/** Tells pages of other origins whether they may call. */
	readonly cors: HttpLayer;
	/** The other origins whose pages may open WebSockets. */
	readonly origins: readonly string[];
	readonly proxy: ReverseProxy;
	readonly compressFromBytes: number;
	/** The guard for requests that the server does not see: the pages and the web services. */
	readonly guard: Guard;
	/** Whether callers see mistakes in the program, which are logged anyway. */
	readonly tellsMistakes: boolean;
	/** The gateway's own pages by their path. Each is made for an `accept` and the origin of the request. */
	readonly pages: ReadonlyMap<string, (accept: string, origin: string) => Answer>;
	readonly logger: Logger;
}

/** Handles an HTTP request before it becomes a call: everything that concerns the web. */
export function edge(options: EdgeOptions): HttpLayer {
	const { cors, logger } = options;
	return (request, response, next) => {
		const id = identify(request);
		const answer = new IdentifiedResponse(response, id);
		logAccess(request, response, id, logger);
		cors(request, answer, (allowed = answer) => direct(options, request, allowed, next));
	};
}

/** Finds out the target of a request: a web service, the gateway itself, or a service. */
function direct(
	options: EdgeOptions,
	request: HttpRequest,
	response: HttpResponse,
	next: (response: HttpResponse) => void,
): void {
	const { proxy, pages, compressFromBytes } = options;
	const { path, upgradeSocket } = request;
	if (proxy.has(path)) {
		if (upgradeSocket !== undefined && !mayOpen(options, request)) give(request, response, foreignPage);
		else admitted(options, request, response, () => proxy.forward(request, response));
		return;
	}
	if (upgradeSocket !== undefined) {
		next(response);
		return;
	}
	const answer = new CompressedResponse(request, response, compressFromBytes);
	const page = pages.get(path);
	if (page !== undefined) {
		const goOn = (): void => givePage(page, request, answer);
		if (guardsOperations(options.guard)) admitted(options, request, answer, goOn);
		else goOn();
		return;
	}
	dropCookies(request);
	next(answer);
}

/**
 * Whether a request for a WebSocket may be passed on. Browsers let every page open one, with the cookies of any site.
 */
function mayOpen({ origins }: EdgeOptions, request: HttpRequest): boolean {
	return isOriginAllowed(request.header("origin"), request.authority, origins);
}

const foreignPage = errorAnswer(
	new ServiceError({
		code: "permission_denied",
		message:
			'pages of another origin may not open WebSockets; the gateway names those that may in its option "cors"',
	}),
);

/** Continues when the guard lets the request in, and answers its error otherwise. */
function admitted(
	options: EdgeOptions,
	request: HttpRequest,
	response: HttpResponse,
	goOn: () => void,
): void {
	// Headers that do not fit in metadata are left out, because a web service accepts more of them than a call does.
	const { metadata } = readHead(request);
	const refuse = (thrown: unknown): void => give(request, response, errorAnswer(toServiceError(thrown)));
	const giveUp = (error: unknown): void => {
		options.logger.log("error", "a request could not be answered", { path: request.path, error });
		response.destroy();
	};
	admit(options, request, { metadata, error: undefined }).then(goOn, refuse).catch(giveUp);
}

function givePage(
	page: (accept: string, origin: string) => Answer,
	request: HttpRequest,
	response: HttpResponse,
): void {
	if (request.method !== "GET" && request.method !== "HEAD") {
		give(request, response, wrongVerb(request.path, ["GET", "HEAD"]));
		return;
	}
	const scheme = request.isSecure ? "https" : "http";
	give(request, response, page(request.header("accept") ?? "", `${scheme}://${request.authority ?? ""}`));
}
