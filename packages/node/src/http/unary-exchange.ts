import { isStream, jsonCodec, type Method, ServiceError } from "@allium/core";
import { httpStatus, streamType, toConnectError, trailerPrefix, unaryType } from "@allium/core/http";
import { fromBase64 } from "@allium/core/transport";
import { readText } from "./body.ts";
import { encodingRefusal, isReadEncoding, unreadEncoding } from "./content-coding.ts";
import { Exchange } from "./exchange.ts";
import { readQuery } from "./query.ts";
import type { Refusal } from "./refusal.ts";
import { checkHead, invalid, isGet } from "./request-head.ts";

/** A call with one message each way: bare JSON and a meaningful HTTP status. It also answers what is no call. */
export class UnaryExchange extends Exchange {
	#refusal: Refusal | undefined;

	protected read(): unknown {
		// The call refuses a method that nobody serves before this.
		const { method } = this.call.served as { method: Method };
		const unary = method.kind === "unary";
		const mayGet = unary && method.effect === "read";
		if (mayGet && isGet(this.request)) return this.#readQuery();
		if (this.request.method !== "POST") throw this.#wrongVerb(mayGet ? "POST, GET, HEAD" : "POST");
		if (!unary) throw this.#wrongType(streamType);
		const { head } = this;
		if (head.mediaType !== unaryType) {
			if (!this.#mayOmitType()) throw this.#wrongType(unaryType);
			if (!head.hasBody && !isStream(method.input) && method.input === undefined) return {};
		}
		checkHead(head);
		this.#checkEncoding(head.contentEncoding);
		return this.readBody(jsonCodec.decode);
	}

	protected onReply(output: unknown): void {
		if (this.over) return;
		let text: string;
		try {
			text = this.call.encode(jsonCodec, output);
		} catch (error) {
			this.fail(error);
			return;
		}
		const { response } = this.call;
		const headers = this.headers(unaryType, response.hasHeaders || response.hasTrailers);
		headers["content-length"] = Buffer.byteLength(text);
		if (response.hasHeaders) this.addMetadata(headers, response.headers);
		if (response.hasTrailers) this.addMetadata(headers, response.trailers, trailerPrefix);
		this.response.writeHead(200, headers);
		this.finish(text);
	}

	protected stop(): void {}

	protected answerError(error: ServiceError): void {
		const { served, response } = this.call;
		const service = served?.method.service ?? "";
		const text = JSON.stringify(toConnectError(error, service));
		const headers = this.headers(unaryType);
		headers["content-length"] = Buffer.byteLength(text);
		if (response.hasHeaders) this.addMetadata(headers, response.headers);
		if (response.hasTrailers) this.addMetadata(headers, response.trailers, trailerPrefix);
		if (error.metadata !== undefined) this.addMetadata(headers, error.metadata, trailerPrefix);
		if (error.retryAfterMs !== undefined)
			headers["retry-after"] = String(Math.ceil(error.retryAfterMs / 1000));
		if (this.#refusal?.header !== undefined) headers[this.#refusal.header[0]] = this.#refusal.header[1];
		const status = served === undefined && error.code === "unimplemented" ? 404 : httpStatus(error.code);
		this.response.writeHead(this.#refusal?.status ?? status, headers);
		this.finish(text);
	}

	#readQuery(): unknown {
		checkHead(this.head);
		const query = readQuery(this.request.url ?? "");
		const version = query.get("connect");
		if (version !== null && version !== "v1")
			throw invalid(`connect must be v1, not ${JSON.stringify(version)}`);
		if ((query.get("encoding") ?? "json") !== "json") throw this.#wrongType(unaryType);
		const compression = query.get("compression") ?? undefined;
		this.#checkEncoding(compression);
		const message = query.get("message");
		if (message === null)
			throw invalid("the query lacks message, the input as JSON: ?encoding=json&message={}");
		const bytes = query.get("base64") === "1" ? decodeBase64(message) : Buffer.from(message);
		return jsonCodec.decode(readText(bytes, compression, this.server.bodyBounds.maxBytes));
	}

	#checkEncoding(encoding: string | undefined): void {
		if (isReadEncoding(encoding)) return;
		this.#refusal = encodingRefusal;
		throw unreadEncoding(encoding);
	}

	/**
	 * A request without a type, as by `curl -X POST`, is taken as JSON. Not from a web page: a browser asks for
	 * permission before it posts JSON to another site, but not before it posts what has no type.
	 */
	#mayOmitType(): boolean {
		return this.head.mediaType === undefined && !this.head.hasOrigin;
	}

	#wrongVerb(allowed: string): ServiceError {
		this.#refusal = { status: 405, header: ["allow", allowed] };
		return new ServiceError({
			code: "unimplemented",
			message: `${this.call.served?.method.path} does not take ${this.request.method}; use ${allowed}`,
		});
	}

	#wrongType(accepted: string): ServiceError {
		this.#refusal = { status: 415, header: ["accept-post", accepted] };
		return new ServiceError({
			code: "invalid_argument",
			reason: "unsupported_media_type",
			message: `${this.call.served?.method.path} takes ${accepted}; send it with the header content-type: ${accepted}`,
		});
	}
}

function decodeBase64(text: string): Buffer {
	const bytes = fromBase64(text);
	if (bytes === undefined) throw invalid("the message is not base64");
	return Buffer.from(bytes);
}
