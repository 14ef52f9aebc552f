import { ServiceError } from "@allium/core";
import type { HttpRequest } from "@allium/node/protocol";
import { copied } from "./copied.ts";
import type { Format } from "./leased-instance.ts";
import { unreadable } from "./unreadable.ts";
import { readXml } from "./xml-reader.ts";

/** The parts of a request by Eureka's paths. */
export interface EurekaRequest {
	readonly method: string;
	/** The parts of the path after the base and the version, decoded. */
	readonly parts: readonly string[];
	readonly query: URLSearchParams;
	/** The form of the answer. */
	readonly format: Format;
}

/**
 * Reads the head of a request.
 *
 * @param base `/eureka/`, after which `v2/` may follow, as in Netflix's server.
 * @throws ServiceError `invalid_argument` for a path that cannot be decoded.
 */
export function readRequest(request: HttpRequest, base: string): EurekaRequest {
	const { method, path, target } = request;
	const parts = path
		.slice(base.length)
		.split("/")
		.filter((part) => part !== "")
		.map(decoded);
	const accepted = request.header("accept") ?? "";
	return {
		method,
		parts: parts[0] === "v2" ? parts.slice(1) : parts,
		query: new URLSearchParams(target.slice(path.length + 1)),
		// As in Eureka, a client that does not ask for JSON gets XML.
		format: accepted.includes("json") ? "json" : "xml",
	};
}

/**
 * Reads the body of a registration: an instance, in the form of JSON.
 *
 * @throws ServiceError `invalid_argument` for a body that is not one, or has another content type.
 */
export function readBody(bytes: Uint8Array, mediaType: string | undefined): unknown {
	const text = decodedText(bytes);
	if (mediaType?.endsWith("json") === true) return readJson(text);
	if (mediaType?.endsWith("xml") === true) {
		const { name, value } = readXml(text);
		if (name !== "instance") throw unreadable("it is no element instance");
		return copied(value);
	}
	throw new ServiceError({
		code: "invalid_argument",
		reason: "unsupported_media_type",
		message: "a registration is application/json or application/xml",
	});
}

function readJson(text: string): unknown {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		throw unreadable("it is no JSON");
	}
	if (typeof value === "object" && value !== null && "instance" in value) return value.instance;
	throw unreadable("it has no instance");
}

function decodedText(bytes: Uint8Array): string {
	try {
		return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
	} catch {
		throw unreadable("it is not encoded as UTF-8");
	}
}

function decoded(part: string): string {
	try {
		return decodeURIComponent(part);
	} catch {
		throw new ServiceError({ code: "invalid_argument", message: "the path is not percent-encoded" });
	}
}
