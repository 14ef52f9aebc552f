import {
	type Format,
	isStream,
	jsonFormat,
	type Method,
	type MethodCodecs,
	methodCodecs,
	ServiceError,
} from "@allium/core";
import {
	httpStatus,
	streamTypeOf,
	toConnectError,
	trailerPrefix,
	unaryType,
	unaryTypeOf,
} from "@allium/core/http";
import { fromBase64, messageTooLarge } from "@allium/core/transport";
import { decodeMessage } from "../http/body.ts";
import { decodeContent, encodingRefusal, isReadEncoding, unreadEncoding } from "../http/content-coding.ts";
import { isGet } from "../http/http-request.ts";
import { readQuery } from "../http/query.ts";
import type { Refusal } from "../http/refusal.ts";
import { checkHead, invalid } from "../http/request-head.ts";
import { acceptedTypes } from "./connect-types.ts";
import type { CallProtocol, Exchange } from "./exchange.ts";

/**
 * A call with one message each way, as Connect defines it: the bare message and a meaningful HTTP status. It also
 * answers requests to a path at which there is no method.
 */
export class ConnectUnary implements CallProtocol {
	readonly #exchange: Exchange;
	/** The format of the request; undefined when its content type names none. */
	readonly #format: Format | undefined;
	#codecs: MethodCodecs | undefined;
	#refusal: Refusal | undefined;

	constructor(exchange: Exchange, format: Format | undefined) {
		this.#exchange = exchange;
		this.#format = format;
	}

	read(): unknown {
		const exchange = this.#exchange;
		// The call refuses an unknown method before this.
		const { method } = exchange.call.served as { method: Method };
		const { request, head } = exchange;
		const isUnary = method.kind === "unary";
		const mayGet = isUnary && method.effect === "read";
		if (mayGet && isGet(request)) return this.#readQuery(method);
		if (request.method !== "POST") throw this.#wrongVerb(mayGet ? "POST, GET, HEAD" : "POST");
		if (!isUnary) throw this.#wrongType(method, acceptedTypes(method, streamTypeOf));
		const codecs = this.#codecsOf(method, this.#format ?? jsonFormat);
		if (this.#format === undefined) {
			// A request without a type, as by `curl -X POST`, is read as JSON, unless it comes from a web page. A
			// browser asks for permission before it posts JSON to another site, but not before it posts a body without
			// a type.
			if (head.mediaType !== undefined || head.hasOrigin) throw this.#wrongType(method);
			if (!head.hasBody && !isStream(method.input) && method.input === undefined) return {};
		}
		checkHead(head);
		if (head.contentEncoding !== undefined) this.#checkEncoding(head.contentEncoding);
		return exchange.readBody(codecs.input);
	}

	reply(output: unknown): void {
		const exchange = this.#exchange;
		const { output: codec } = this.#codecs as MethodCodecs;
		const body = exchange.call.encode<string | Uint8Array>(codec, output);
		const { response } = exchange.call;
		const format = this.#format ?? jsonFormat;
		const type = format === jsonFormat ? unaryType : unaryTypeOf(format);
		const headers = exchange.headers(type, response.hasHeaders || response.hasTrailers);
		if (response.hasHeaders) exchange.addMetadata(headers, response.headers);
		if (response.hasTrailers) exchange.addMetadata(headers, response.trailers, trailerPrefix);
		exchange.answer(200, headers, body);
	}

	replyError(error: ServiceError): void {
		const exchange = this.#exchange;
		const { served, response } = exchange.call;
		const service = served?.method.service ?? "";
		const text = JSON.stringify(toConnectError(error, service));
		const headers = exchange.headers(unaryType);
		if (response.hasHeaders) exchange.addMetadata(headers, response.headers);
		if (response.hasTrailers) exchange.addMetadata(headers, response.trailers, trailerPrefix);
		if (error.metadata !== undefined) exchange.addMetadata(headers, error.metadata, trailerPrefix);
		if (error.retryAfterMs !== undefined)
			headers["retry-after"] = String(Math.ceil(error.retryAfterMs / 1000));
		if (this.#refusal !== undefined) headers[this.#refusal.header[0]] = this.#refusal.header[1];
		const status = served === undefined && error.code === "unimplemented" ? 404 : httpStatus(error.code);
		exchange.answer(this.#refusal?.status ?? status, headers, text);
	}

	#readQuery(method: Method): unknown {
		const exchange = this.#exchange;
		checkHead(exchange.head);
		const query = readQuery(exchange.request.target);
		const version = query.get("connect");
		if (version !== null && version !== "v1")
			throw invalid(`connect must be v1, not ${JSON.stringify(version)}`);
		if (this.#format === undefined) throw this.#wrongType(method);
		const codecs = this.#codecsOf(method, this.#format);
		const compression = query.get("compression") ?? undefined;
		this.#checkEncoding(compression);
		const message = query.get("message");
		if (message === null)
			throw invalid("the query lacks message, the input as JSON: ?encoding=json&message={}");
		const bytes = query.get("base64") === "1" ? decodeBase64(message) : Buffer.from(message);
		const { maxBytes } = exchange.host.bodyBounds;
		if (bytes.length > maxBytes) throw messageTooLarge(maxBytes);
		return decodeMessage(codecs.input, decodeContent(bytes, compression, maxBytes));
	}

	/** @throws ServiceError when the format cannot carry the method. */
	#codecsOf(method: Method, format: Format): MethodCodecs {
		const codecs = methodCodecs(method, format);
		if (codecs === undefined) throw this.#wrongType(method);
		this.#codecs = codecs;
		return codecs;
	}

	#checkEncoding(encoding: string | undefined): void {
		if (isReadEncoding(encoding)) return;
		this.#refusal = encodingRefusal;
		throw unreadEncoding(encoding);
	}

	#wrongVerb(allowed: string): ServiceError {
		const { path, request } = this.#exchange;
		this.#refusal = { status: 405, header: ["allow", allowed] };
		return new ServiceError({
			code: "unimplemented",
			message: `${path} does not take ${request.method}; use ${allowed}`,
		});
	}

	#wrongType(method: Method, accepted: readonly string[] = acceptedTypes(method, unaryTypeOf)): ServiceError {
		const [first] = accepted;
		this.#refusal = { status: 415, header: ["accept-post", accepted.join(", ")] };
		return new ServiceError({
			code: "invalid_argument",
			reason: "unsupported_media_type",
			message: `${method.path} takes ${accepted.join(" or ")}; send it with the header content-type: ${first}`,
		});
	}
}

function decodeBase64(text: string): Buffer {
	const bytes = fromBase64(text);
	if (bytes === undefined) throw invalid("the message is not base64");
	return Buffer.from(bytes);
}
