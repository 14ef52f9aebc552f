import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request as requestHttp } from "node:http";
import { request as requestHttps, Agent as TlsAgent } from "node:https";
import { type Logger, type PeerInfo, ServiceError } from "@allium/core";
import { isSingleHeader, repeatedHeader } from "@allium/core/transport";
import type { HttpRequest, HttpResponse } from "@allium/node";
import { isPrivate } from "../metadata/forwarding.ts";
import { errorAnswer, give } from "./answer.ts";
import { authorityOf } from "./url.ts";

/** How long a web service may take to begin its answer, in milliseconds. */
const patienceMs = 60_000;

/** The headers that are about one connection, and not the request. */
const hopByHop = new Set([
	"connection",
	"expect",
	"host",
	"http2-settings",
	"keep-alive",
	"proxy-authenticate",
	"proxy-authorization",
	"proxy-connection",
	"te",
	"trailer",
	"transfer-encoding",
	"upgrade",
]);

interface Target {
	/** `/app`, without a slash at its end. */
	readonly prefix: string;
	readonly url: URL;
	/** What stands in place of the prefix. */
	readonly path: string;
}

/** Passes requests below some paths on to web services, and streams both ways. */
export class ReverseProxy {
	/** The longest prefix first. */
	readonly #targets: readonly Target[];
	readonly #agent = new Agent({ keepAlive: true });
	readonly #tlsAgent = new TlsAgent({ keepAlive: true });
	readonly #logger: Logger;
	#inFlight = 0;
	readonly #idle = Promise.withResolvers<void>();
	#draining = false;
	/** Which prefixes were said to answer with which header twice. */
	readonly #saidTwice = new Set<string>();

	/**
	 * @param routes URLs by path prefix. A URL without a path keeps the path of the request as it is; one with a
	 * path, be it `/`, puts that in place of the prefix.
	 * @throws ServiceError `failed_precondition` when a path or a URL is none.
	 */
	constructor(routes: Readonly<Record<string, string>>, logger: Logger) {
		this.#logger = logger;
		this.#targets = Object.entries(routes)
			.map(([path, url]) => target(path, url))
			.sort((one, other) => other.prefix.length - one.prefix.length);
	}

	/** The prefixes and where they lead, for people. */
	get routes(): readonly { path: string; url: string }[] {
		return this.#targets.map(({ prefix, url }) => ({ path: prefix, url: url.href }));
	}

	/** Whether requests to a path go to a web service. */
	has(path: string): boolean {
		return this.#find(path) !== undefined;
	}

	/** Passes a request on. */
	forward(request: HttpRequest, response: HttpResponse, path: string, peer: PeerInfo): void {
		const found = this.#find(path);
		if (found === undefined) return;
		if (leaves(path)) {
			give(request, response, errorAnswer(400, "invalid_argument", "the path may not have .. in it"));
			return;
		}
		const { url, prefix, path: base } = found;
		this.#inFlight++;
		const isTls = url.protocol === "https:";
		const outgoing = (isTls ? requestHttps : requestHttp)({
			agent: isTls ? this.#tlsAgent : this.#agent,
			host: url.hostname.replace(/^\[|\]$/g, ""),
			port: url.port,
			method: request.method,
			path: pathAt(base, (request.url ?? "").slice(prefix.length)),
			headers: requestHeaders(request, url, peer),
		});
		const late = setTimeout(() => outgoing.destroy(new TimeoutError()), patienceMs);
		outgoing.on("response", (answer) => {
			clearTimeout(late);
			if (isFinalStatus(answer.statusCode)) this.#answer(answer, response, found);
			else outgoing.destroy(new StatusError(answer.statusCode));
		});
		outgoing.on("error", (error) => {
			clearTimeout(late);
			this.#fail(request, response, error, found);
		});
		response.on("close", () => {
			clearTimeout(late);
			outgoing.destroy();
			this.#inFlight--;
			this.#check();
		});
		request.on("error", () => outgoing.destroy());
		// Node ends what it read of a request of HTTP/2 that was reset: the rest must not look whole.
		request.on("aborted", () => outgoing.destroy());
		request.pipe(outgoing);
	}

	/** Resolves when no request is under way. */
	drain(): Promise<void> {
		this.#draining = true;
		this.#check();
		return this.#idle.promise;
	}

	/** Ends the connections to the web services. */
	close(): void {
		this.#agent.destroy();
		this.#tlsAgent.destroy();
	}

	#find(path: string): Target | undefined {
		return this.#targets.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`));
	}

	#answer(answer: IncomingMessage, response: HttpResponse, found: Target): void {
		if (response.destroyed) return;
		const headers: OutgoingHttpHeaders = endToEnd(answer);
		this.#keepFirst(headers, found);
		if (this.#draining && response.stream === undefined) headers.connection = "close";
		response.writeHead(answer.statusCode ?? 502, headers);
		// An answer that breaks off must not look whole.
		answer.on("error", () => response.destroy());
		answer.on("aborted", () => response.destroy());
		response.flushHeaders?.();
		answer.on("data", (chunk: Buffer) => {
			if (!response.write(chunk)) answer.pause();
		});
		response.on("drain", () => answer.resume());
		answer.on("end", () => response.end());
	}

	/** Of a header that may stand only once, the first value goes on. Which service does so is said once. */
	#keepFirst(headers: OutgoingHttpHeaders, { prefix, url }: Target): void {
		for (const [name, values] of Object.entries(headers)) {
			if (!Array.isArray(values)) continue;
			headers[name] = repeatedHeader(name, values);
			const key = `${prefix} ${name}`;
			if (!isSingleHeader(name) || this.#saidTwice.has(key)) continue;
			this.#saidTwice.add(key);
			const message = "a web service answers with a header twice that may stand only once: the first goes on";
			this.#logger.log("warn", message, { path: prefix, url: url.origin, header: name });
		}
	}

	#fail(request: HttpRequest, response: HttpResponse, error: Error, { prefix, url }: Target): void {
		if (response.destroyed) return;
		if (response.headersSent) {
			response.destroy();
			return;
		}
		const isLate = error instanceof TimeoutError;
		const isWrong = error instanceof StatusError;
		const what = isWrong ? "a web service answers wrongly" : "a web service does not answer";
		this.#logger.log("warn", what, { path: prefix, url: url.origin, error });
		const how = isLate ? "takes too long" : isWrong ? error.message : "cannot be reached";
		const message = `the web service at ${prefix} ${how}`;
		give(
			request,
			response,
			isLate ? errorAnswer(504, "deadline_exceeded", message) : errorAnswer(502, "unavailable", message),
		);
	}

	#check(): void {
		if (this.#draining && this.#inFlight === 0) this.#idle.resolve();
	}
}

/** A path below the target's; a target without one, asked for nothing more, is asked for its root. */
function pathAt(base: string, rest: string): string {
	return (base + rest).startsWith("/") ? base + rest : `/${rest}`;
}

class TimeoutError extends Error {}

/** A web service answered with a status that is none. */
class StatusError extends Error {
	constructor(status: number | undefined) {
		super(`answers with the status ${status}, and HTTP has those from 100 to 599`);
	}
}

/** Whether a status can end a request: RFC 9110 has no others, and HTTP/2 cannot carry them. */
function isFinalStatus(status: number | undefined): boolean {
	return status !== undefined && status >= 200 && status <= 599;
}

/** Whether a path steps upwards, and so may leave the prefix at the web service. */
function leaves(path: string): boolean {
	return path.split(/[/\\]|%2f|%5c/i).some((segment) => segment.replace(/%2e/gi, ".") === "..");
}

function target(path: string, text: string): Target {
	const url = URL.parse(text);
	if (
		!/^\/[^?#]*[^/?#]\/*$/.test(path) ||
		url === null ||
		!/^https?:$/.test(url.protocol) ||
		url.search !== ""
	) {
		throw new ServiceError({
			code: "failed_precondition",
			reason: "invalid_configuration",
			message: `proxy takes a path and a URL, such as "/app": "http://127.0.0.1:3000", and got ${JSON.stringify(path)}: ${JSON.stringify(text)}`,
		});
	}
	const prefix = path.replace(/\/+$/, "");
	const hasPath = !/^https?:\/\/[^/]*$/.test(text);
	return { prefix, url, path: hasPath ? url.pathname.replace(/\/+$/, "") : prefix };
}

function requestHeaders(request: HttpRequest, url: URL, peer: PeerInfo): OutgoingHttpHeaders {
	const headers: OutgoingHttpHeaders = endToEnd(request);
	// A body of unknown length is told apart from the next request by this alone, whatever the method.
	if (headers["content-length"] === undefined && hasBody(request)) headers["transfer-encoding"] = "chunked";
	const address = peer.address.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
	const before = headers["x-forwarded-for"];
	headers["x-forwarded-for"] = before === undefined ? address : `${before}, ${address}`;
	headers["x-forwarded-host"] = authorityOf(request);
	headers["x-forwarded-proto"] = "encrypted" in request.socket ? "https" : "http";
	headers.host = url.host;
	return headers;
}

function hasBody(request: HttpRequest): boolean {
	if ("stream" in request) return !request.stream.endAfterHeaders;
	return request.headers["transfer-encoding"] !== undefined;
}

/** The headers that go all the way. */
function endToEnd({ rawHeaders, headers: { connection } }: HttpRequest): Record<string, string | string[]> {
	const named = new Set(
		connection
			?.toLowerCase()
			.split(",")
			.map((name) => name.trim()),
	);
	const headers: Record<string, string | string[]> = Object.create(null);
	for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
		const name = (rawHeaders[index] as string).toLowerCase();
		const value = rawHeaders[index + 1] as string;
		if (hopByHop.has(name) || named.has(name) || name.startsWith(":") || isPrivate(name)) continue;
		const before = headers[name];
		headers[name] = before === undefined ? value : [before, value].flat();
	}
	return headers;
}
