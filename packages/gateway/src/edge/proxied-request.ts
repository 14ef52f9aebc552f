import {
	type ClientRequest,
	type IncomingMessage,
	type OutgoingHttpHeaders,
	request as requestHttp,
} from "node:http";
import { request as requestHttps } from "node:https";
import type { Socket } from "node:net";
import type { Logger } from "@allium/core";
import { isSingleHeader, repeatedHeader } from "@allium/core/http";
import type { HttpRequest, HttpResponse } from "@allium/node";
import type { BodyReader } from "@allium/node/protocol";
import { errorWithStatus, give } from "./answer.ts";
import type { Connections } from "./connections.ts";
import { endToEnd } from "./proxy-headers.ts";
import type { ProxyTarget } from "./proxy-target.ts";
import { SentBody } from "./sent-body.ts";

/** How long a web service may stay silent before its answer begins, in milliseconds. */
const patienceMs = 60_000;

/** The verbs of requests that may arrive twice, because a second arrival changes nothing more. */
const idempotent: readonly (string | undefined)[] = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];

/** The options of a proxied request. */
export interface ProxiedRequestOptions {
	readonly target: ProxyTarget;
	/** Another target, for a request whose target cannot be reached. Undefined if there is none. */
	readonly elsewhere: () => ProxyTarget | undefined;
	readonly headers: OutgoingHttpHeaders;
	readonly logger: Logger;
	/** Whether the client should send no further requests on its connection. */
	readonly isLast: () => boolean;
	/** Takes over the connection to the web service for a WebSocket; undefined for any other request. */
	readonly upgraded: ((service: Socket) => void) | undefined;
}

/**
 * A request on its way to a web service, and the answer on its way back. It streams in both directions. It ends once:
 * with the answer, with an error, or when the client is gone.
 */
export class ProxiedRequest implements BodyReader {
	readonly #request: HttpRequest;
	readonly #response: HttpResponse;
	readonly #options: ProxiedRequestOptions;
	#target: ProxyTarget;
	#hasTurned = false;
	/** The request to the web service; undefined when nothing goes to it any more. */
	#outgoing: ClientRequest | undefined;
	#isAnswered = false;
	readonly #sent = new SentBody();
	#isSentWhole = false;
	#late: ReturnType<typeof setTimeout> | undefined;

	constructor(request: HttpRequest, response: HttpResponse, options: ProxiedRequestOptions) {
		this.#request = request;
		this.#response = response;
		this.#options = options;
		this.#target = options.target;
	}

	begin(): void {
		const request = this.#request;
		const { upgraded } = this.#options;
		const target = this.#target;
		this.#response.onClose(() => this.#letGo());
		this.#send(upgraded === undefined ? target.kept : target.fresh);
		if (upgraded !== undefined || !request.hasBody) this.#finish();
		if (upgraded === undefined) request.readBody(this);
	}

	#send(connections: Connections): void {
		const { headers } = this.#options;
		const target = this.#target;
		const { url } = target;
		const outgoing = (url.protocol === "https:" ? requestHttps : requestHttp)({
			agent: connections,
			host: url.hostname.replace(/^\[|\]$/g, ""),
			port: url.port,
			method: this.#request.method,
			path: target.pathFor(this.#request.target),
			headers,
		});
		this.#outgoing = outgoing;
		this.#late = setTimeout(() => this.#fail(new LateError()), patienceMs);
		const traffic = new Traffic(outgoing);
		outgoing.on("drain", () => this.#request.resume());
		outgoing.on("response", (answer) => {
			connections.heard(answer);
			const { statusCode } = answer;
			if (isFinalStatus(statusCode)) this.#answer(answer, statusCode);
			else
				this.#fail(
					new WrongAnswer(`answers with the status ${statusCode}, and HTTP has those from 100 to 599`),
				);
		});
		outgoing.on("upgrade", (answer, socket, head) => this.#switch(answer, socket, head));
		outgoing.on("error", (error) => {
			if (outgoing !== this.#outgoing) return;
			// The part of the answer that arrived is passed on. It shows by itself whether it is complete.
			if (this.#isAnswered) this.#sendNoMore();
			else if (this.#mayRepeat(outgoing, traffic) || this.#turnsElsewhere(error)) this.#repeat();
			else this.#fail(error);
		});
	}

	data(chunk: Buffer): void {
		const outgoing = this.#outgoing;
		// The rest of a request that was answered is not needed.
		if (outgoing === undefined) return;
		this.#sent.add(chunk);
		this.#late?.refresh();
		if (!outgoing.write(chunk)) this.#request.pause();
	}

	end(): void {
		this.#finish();
	}

	broken(): void {
		this.#letGo();
	}

	#finish(): void {
		this.#isSentWhole = true;
		this.#outgoing?.end();
	}

	/**
	 * Whether a failed request may be sent again. No byte of an answer has arrived, the connection was a kept one,
	 * which the web service may have closed before it saw the request, and it does no harm to see the request twice.
	 */
	#mayRepeat({ reusedSocket }: ClientRequest, traffic: Traffic): boolean {
		if (!reusedSocket || traffic.hasReceived || this.#sent.chunks === undefined) return false;
		return idempotent.includes(this.#request.method) || !traffic.hasSent;
	}

	/** Switches to another target, once, if the target could not be reached, so that nothing was sent. */
	#turnsElsewhere(error: Error): boolean {
		const isUnreached = "syscall" in error && error.syscall === "connect";
		if (!isUnreached || this.#hasTurned || this.#sent.chunks === undefined) return false;
		this.#hasTurned = true;
		this.#target.unreachable();
		const other = this.#options.elsewhere();
		if (other === undefined || other === this.#target) return false;
		this.#target = other;
		this.#options.headers.host = other.url.host;
		return true;
	}

	#repeat(): void {
		clearTimeout(this.#late);
		this.#send(this.#target.fresh);
		for (const chunk of this.#sent.chunks ?? []) this.#outgoing?.write(chunk);
		if (this.#isSentWhole) this.#outgoing?.end();
		else this.#request.resume();
	}

	#answer(answer: IncomingMessage, status: number): void {
		this.#isAnswered = true;
		clearTimeout(this.#late);
		const response = this.#response;
		if (response.isClosed) return;
		const headers: OutgoingHttpHeaders = endToEnd(answer.rawHeaders, answer.headers.connection);
		this.#keepFirst(headers);
		if (this.#options.isLast() && this.#request.version === 1) headers.connection = "close";
		response.writeHead(status, headers);
		response.flushHead();
		// An answer that breaks off must not look complete.
		answer.on("error", () => response.destroy());
		answer.on("aborted", () => response.destroy());
		answer.on("data", (chunk: Buffer) => {
			if (!response.write(chunk)) answer.pause();
		});
		response.onDrain(() => answer.resume());
		answer.on("end", () => {
			if (!this.#isSentWhole) this.#sendNoMore();
			response.end();
		});
	}

	/** Passes on the first value of a header that may occur only once. The service that repeats it is logged once. */
	#keepFirst(headers: OutgoingHttpHeaders): void {
		const { logger } = this.#options;
		const target = this.#target;
		for (const [name, values] of Object.entries(headers)) {
			if (!Array.isArray(values)) continue;
			headers[name] = repeatedHeader(name, values);
			if (!isSingleHeader(name) || target.repeatedHeaders.has(name)) continue;
			target.repeatedHeaders.add(name);
			const message =
				"a web service repeated a header that may occur only once; the gateway passes on the first";
			logger.log("warn", message, { path: target.prefix, url: target.url.origin, header: name });
		}
	}

	/** The web service changes to another protocol. */
	#switch(answer: IncomingMessage, socket: Socket, head: Buffer): void {
		const { upgraded } = this.#options;
		const protocol = answer.headers.upgrade;
		if (upgraded === undefined || protocol?.toLowerCase() !== "websocket") {
			socket.destroy();
			const what = JSON.stringify(protocol ?? "another protocol");
			this.#fail(new WrongAnswer(`changes to ${what}, for which it was not asked`));
			return;
		}
		clearTimeout(this.#late);
		this.#outgoing = undefined;
		if (this.#response.isClosed) {
			socket.destroy();
			return;
		}
		this.#response.writeHead(101, {
			...endToEnd(answer.rawHeaders, answer.headers.connection),
			connection: "Upgrade",
			upgrade: protocol,
		});
		this.#response.flushHead();
		if (head.length > 0) socket.unshift(head);
		upgraded(socket);
	}

	/** Reads the rest of the request, so that a client that writes everything before it reads gets to the answer. */
	#sendNoMore(): void {
		const outgoing = this.#outgoing;
		this.#outgoing = undefined;
		outgoing?.destroy();
		this.#request.resume();
	}

	#fail(error: Error): void {
		const { logger } = this.#options;
		const target = this.#target;
		this.#letGo();
		if (this.#response.isClosed) return;
		const isLate = error instanceof LateError;
		const isWrong = error instanceof WrongAnswer;
		const what = isWrong ? "a web service answers wrongly" : "a web service does not answer";
		logger.log("warn", what, { path: target.prefix, url: target.url.origin, error });
		if (!isWrong) target.unreachable();
		const how = isLate ? "takes too long" : isWrong ? error.message : "cannot be reached";
		const message = `the web service at ${target.prefix} ${how}`;
		const answer = isLate
			? errorWithStatus(504, "deadline_exceeded", message)
			: errorWithStatus(502, "unavailable", message);
		give(this.#request, this.#response, answer);
	}

	/** Ends the request to the web service. */
	#letGo(): void {
		clearTimeout(this.#late);
		const outgoing = this.#outgoing;
		this.#outgoing = undefined;
		outgoing?.destroy();
	}
}

/** The bytes on the connection of a request since the request has it. */
class Traffic {
	#socket: Socket | undefined;
	#readBefore = 0;
	#writtenBefore = 0;

	constructor(outgoing: ClientRequest) {
		outgoing.once("socket", (socket) => {
			this.#socket = socket;
			this.#readBefore = socket.bytesRead;
			this.#writtenBefore = socket.bytesWritten;
		});
	}

	get hasReceived(): boolean {
		return this.#socket !== undefined && this.#socket.bytesRead > this.#readBefore;
	}

	get hasSent(): boolean {
		return this.#socket !== undefined && this.#socket.bytesWritten > this.#writtenBefore;
	}
}

class LateError extends Error {}

/** The error for an answer that HTTP does not allow there. */
class WrongAnswer extends Error {}

/** Whether a status can end a request. RFC 9110 has no others, and HTTP/2 cannot carry them. */
function isFinalStatus(status: number | undefined): status is number {
	return status !== undefined && status >= 200 && status <= 599;
}
