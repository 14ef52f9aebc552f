import { Context, type Guard, type Logger, Metadata, type PeerInfo, toServiceError } from "@allium/core";
import { appendHeader, httpStatus, isProtocolHeader } from "@allium/core/transport";
import type { HttpLayer, HttpRequest, HttpResponse } from "@allium/node";
import { logAccess } from "./access-log.ts";
import { type Answer, errorAnswer, give } from "./answer.ts";
import { compressAnswer } from "./compression.ts";
import type { Cors } from "./cors.ts";
import { dropCookies, identify } from "./request-id.ts";
import type { ReverseProxy } from "./reverse-proxy.ts";
import { authorityOf, pathOf } from "./url.ts";

/** What an edge is made of. */
export interface EdgeOptions {
	readonly cors: Cors;
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
	const { cors, proxy, pages, compressFromBytes, logger } = options;
	return (request, response, next, peer, upgrades) => {
		const path = pathOf(request);
		const id = identify(request, response);
		logAccess(request, response, { path, id, peer }, logger);
		if (cors.apply(request, response)) return;
		if (proxy.has(path) && !upgrades) {
			admitted(options, request, response, peer, () => proxy.forward(request, response, path, peer));
			return;
		}
		compressAnswer(request, response, compressFromBytes);
		const page = pages.get(path);
		if (page !== undefined) {
			admitted(options, request, response, peer, () => givePage(page, request, response));
			return;
		}
		dropCookies(request);
		next();
	};
}

/** Goes on when the guard lets the request in; answers its error when not. */
function admitted(
	{ guard }: EdgeOptions,
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
	admit().then(goOn, (thrown) => {
		const { code, message } = toServiceError(thrown);
		give(request, response, errorAnswer(httpStatus(code), code, message));
	});
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
