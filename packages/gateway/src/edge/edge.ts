import { Context, type Guard, type Logger, Metadata, type PeerInfo, toServiceError } from "@allium/core";
import { appendHeader, httpStatus, isProtocolHeader } from "@allium/core/transport";
import type { HttpLayer, HttpRequest, HttpResponse } from "@allium/node";
import { isLoopback } from "../loopback.ts";
import { logAccess } from "./access-log.ts";
import { type Answer, errorAnswer, give } from "./answer.ts";
import { compressAnswer } from "./compression.ts";
import type { Cors } from "./cors.ts";
import { dropCookies, identify } from "./request-id.ts";
import type { ReverseProxy } from "./reverse-proxy.ts";
import { authorityOf, hostOf, pathOf } from "./url.ts";

/** What an edge is made of. */
export interface EdgeOptions {
	readonly cors: Cors;
	readonly proxy: ReverseProxy;
	readonly compressFromBytes: number;
	/** Whether all is served, which is for this machine alone. */
	readonly onlyLocal: boolean;
	/** Asked for what the server does not see: the pages and the web services. */
	readonly guard: Guard;
	/** The gateway's own pages by their path, for an `accept` and the origin under which they were asked for. */
	readonly pages: ReadonlyMap<string, (accept: string, origin: string) => Answer>;
	readonly logger: Logger;
}

/** What a gateway does with an HTTP request before it is a call: everything that is about the web. */
export function edge(options: EdgeOptions): HttpLayer {
	const { cors, proxy, pages, compressFromBytes, onlyLocal, logger } = options;
	const isLocal = rememberingLast((authority: string) => isLoopback(hostOf(authority)));
	return (request, response, next, peer) => {
		const path = pathOf(request);
		const id = identify(request, response);
		logAccess(request, response, { path, id, peer }, logger);
		if (onlyLocal && !isLocal(authorityOf(request))) {
			give(request, response, foreignHost);
			return;
		}
		if (cors.apply(request, response)) return;
		if (proxy.has(path)) {
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

/** Asks once for what is asked for again and again, such as the name that all clients call this server by. */
function rememberingLast<Answer>(ask: (question: string) => Answer): (question: string) => Answer {
	let last: { readonly question: string; readonly answer: Answer } | undefined;
	return (question) => {
		if (last?.question !== question) last = { question, answer: ask(question) };
		return last.answer;
	};
}

/**
 * A page of another site, whose name leads here, must not reach what only this machine shall; nor may strangers
 * whom a web server passes on to this one.
 */
const foreignHost = errorAnswer(
	403,
	"permission_denied",
	"this gateway serves everything, and so only who calls it localhost or 127.0.0.1; start it with expose to serve under other names",
);

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
