import { type Guard, type Logger, Metadata, type PeerInfo, toServiceError } from "@allium/core";
import { appendHeader, httpStatus, isProtocolHeader } from "@allium/core/http";
import { askGuard, guardsOperations } from "@allium/core/transport";
import { type HttpLayer, type HttpRequest, type HttpResponse, isOriginAllowed } from "@allium/node";
import { logAccess } from "./access-log.ts";
import { type Answer, errorAnswer, give } from "./answer.ts";
import { CompressedResponse } from "./compression.ts";
import { dropCookies, IdentifiedResponse, identify } from "./request-id.ts";
import type { ReverseProxy } from "./reverse-proxy.ts";
import { authorityOf, pathOf } from "./url.ts";

/** What an edge is made of. */
export interface EdgeOptions {
	/** Tells pages of other origins whether they may call. */
	readonly cors: HttpLayer;
	/** The other origins whose pages may open WebSockets. */
	readonly origins: readonly string[];
	readonly proxy: ReverseProxy;
	readonly compressFromBytes: number;
	/** Asked for what the server does not see: the pages and the web services. */
	readonly guard: Guard;
	/** Whether callers are told of mistakes in the program, which are logged anyway. */
	readonly tellsMistakes: boolean;
	/** The gateway's own pages by their path, for an `accept` and the origin under which they were asked for. */
	readonly pages: ReadonlyMap<string, (accept: string, origin: string) => Answer>;
	readonly logger: Logger;
}

/** What a gateway does with an HTTP request before it is a call: everything that is about the web. */
export function edge(options: EdgeOptions): HttpLayer {
	const { cors, logger } = options;
	return (request, response, next, peer, upgrades) => {
		const path = pathOf(request);
		const id = identify(request);
		const answer = new IdentifiedResponse(response, id);
		logAccess(request, response, { path, id, peer }, logger);
		const goOn = (allowed: HttpResponse = answer): void => {
			direct(options, { request, response: allowed, path, peer, upgrades }, next);
		};
		cors(request, answer, goOn, peer, upgrades);
	};
}

/** A request at the edge. */
interface Incoming {
	readonly request: HttpRequest;
	readonly response: HttpResponse;
	readonly path: string;
	readonly peer: PeerInfo;
	/** Whether it asks for a WebSocket. */
	readonly upgrades: boolean;
}

/** Finds out whom a request is for: a web service, the gateway itself, or a service. */
function direct(options: EdgeOptions, incoming: Incoming, next: (response: HttpResponse) => void): void {
	const { proxy, pages, compressFromBytes } = options;
	const { request, response, path, upgrades } = incoming;
	if (proxy.has(path)) {
		if (upgrades && !mayOpen(options, request)) give(request, response, foreignPage);
		else admitted(options, incoming, () => proxy.forward(request, response, incoming));
		return;
	}
	if (upgrades) {
		next(response);
		return;
	}
	const answer = new CompressedResponse(request, response, compressFromBytes);
	const page = pages.get(path);
	if (page !== undefined) {
		const goOn = (): void => givePage(page, request, answer);
		if (guardsOperations(options.guard)) admitted(options, { ...incoming, response: answer }, goOn);
		else goOn();
		return;
	}
	dropCookies(request);
	next(answer);
}

/** Whether a request for a WebSocket may be passed on: browsers let every page ask, with cookies of any site. */
function mayOpen({ origins }: EdgeOptions, request: HttpRequest): boolean {
	return isOriginAllowed(request.headers.origin, authorityOf(request), origins);
}

const foreignPage = errorAnswer(
	403,
	"permission_denied",
	'pages of another origin may not open WebSockets; the gateway names those that may in its option "cors"',
);

/** Goes on when the guard lets the request in; answers its error when not. */
function admitted(options: EdgeOptions, { request, response, path, peer }: Incoming, goOn: () => void): void {
	const admit = async (): Promise<void> => {
		const metadata = metadataOf(request);
		await askGuard(options, { peer, path, metadata });
	};
	const refuse = (thrown: unknown): void => {
		const { code, message } = toServiceError(thrown);
		give(request, response, errorAnswer(httpStatus(code), code, message));
	};
	const giveUp = (error: unknown): void => {
		options.logger.log("error", "a request could not be answered", { path, error });
		response.destroy();
	};
	admit().then(goOn, refuse).catch(giveUp);
}

/** The headers of a request as a guard sees them; what has no room there is left out. */
function metadataOf({ rawHeaders }: HttpRequest): Metadata {
	const metadata = new Metadata();
	for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
		const name = (rawHeaders[index] as string).toLowerCase();
		if (isProtocolHeader(name)) continue;
		try {
			appendHeader(metadata, name, rawHeaders[index + 1] as string);
		} catch {
			break;
		}
	}
	return metadata;
}

function givePage(
	page: (accept: string, origin: string) => Answer,
	request: HttpRequest,
	response: HttpResponse,
): void {
	if (request.method !== "GET" && request.method !== "HEAD") {
		const refusal = errorAnswer(405, "unimplemented", `${pathOf(request)} takes GET and HEAD only`);
		give(request, response, { ...refusal, headers: { allow: "GET, HEAD" } });
		return;
	}
	const scheme = "encrypted" in request.socket ? "https" : "http";
	const accept = String(request.headers.accept ?? "");
	give(request, response, page(accept, `${scheme}://${authorityOf(request)}`));
}
