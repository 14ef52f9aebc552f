import { Context, type Guard, type Logger, Metadata, type PeerInfo, toServiceError } from "@allium/core";
import { appendHeader, guardsOperations, httpStatus, isProtocolHeader } from "@allium/core/transport";
import type { HttpLayer, HttpRequest, HttpResponse } from "@allium/node";
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
	readonly proxy: ReverseProxy;
	readonly compressFromBytes: number;
	/** Asked for what the server does not see: the pages and the web services. */
	readonly guard: Guard;
	/** The gateway's own pages by their path, for an `accept` and the origin under which they were asked for. */
	readonly pages: ReadonlyMap<string, (accept: string, origin: string) => Answer>;
	readonly logger: Logger;
}

/** What a gateway does with an HTTP request before it is a call: everything that is about the web. */
export function edge(options: EdgeOptions): HttpLayer {
	const { cors, logger } = options;
	return (request, response, next, peer, upgrades) => {
		const id = identify(request);
		const answer = new IdentifiedResponse(response, id);
		logAccess(request, response, { path: pathOf(request), id, peer }, logger);
		const goOn = (allowed: HttpResponse = answer): void => {
			if (upgrades) next(allowed);
			else direct(options, request, allowed, next, peer);
		};
		cors(request, answer, goOn, peer, upgrades);
	};
}

/** Finds out whom a request is for: a web service, the gateway itself, or a service. */
function direct(
	options: EdgeOptions,
	request: HttpRequest,
	response: HttpResponse,
	next: (response: HttpResponse) => void,
	peer: PeerInfo,
): void {
	const { proxy, pages, compressFromBytes } = options;
	const path = pathOf(request);
	if (proxy.has(path)) {
		admitted(options, request, response, peer, () => proxy.forward(request, response, path, peer));
		return;
	}
	const answer = new CompressedResponse(request, response, compressFromBytes);
	const page = pages.get(path);
	if (page !== undefined) {
		const goOn = (): void => givePage(page, request, answer);
		if (guardsOperations(options.guard)) admitted(options, request, answer, peer, goOn);
		else goOn();
		return;
	}
	dropCookies(request);
	next(answer);
}

/** Goes on when the guard lets the request in; answers its error when not. */
function admitted(
	{ guard, logger }: EdgeOptions,
	request: HttpRequest,
	response: HttpResponse,
	peer: PeerInfo,
	goOn: () => void,
): void {
	const admit = async (): Promise<void> => {
		const metadata = metadataOf(request);
		const path = pathOf(request);
		await guard({ peer, path, metadata }, Context.background()["~with"]({ metadata, peer }));
	};
	const refuse = (thrown: unknown): void => {
		const { code, message } = toServiceError(thrown);
		give(request, response, errorAnswer(httpStatus(code), code, message));
	};
	const giveUp = (error: unknown): void => {
		logger.log("error", "a request could not be answered", { path: pathOf(request), error });
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
