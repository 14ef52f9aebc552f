import type { OutgoingHttpHeaders } from "node:http";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { HttpRequest, HttpResponse } from "@allium/node";
import type { Answering } from "./answer.ts";

type Compress = (text: string | Buffer) => Promise<Buffer>;

const brotli = promisify(brotliCompress);

/** The ways to compress, the better first. Both about as fast. */
const encodings: Readonly<Record<string, Compress>> = {
	br: (text) => brotli(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
	gzip: promisify(gzip),
};

const compressible = /^(?:text\/|application\/(?:[\w.+-]*\+)?(?:json|xml|javascript))/;

/**
 * Compresses an answer that is given in one piece of a known length, for a client that takes it. What is streamed
 * goes out as it comes.
 */
export function compressAnswer(request: HttpRequest, response: HttpResponse, fromBytes: number): void {
	if (request.method === "HEAD") return;
	const answering: Answering = response;
	const { writeHead, end } = answering;
	const compressing: Answering["writeHead"] = (status, headers = {}) => {
		if (!isWorthIt(headers, fromBytes)) return writeHead.call(response, status, headers);
		headers.vary = together(headers.vary ?? response.getHeader("vary"), "accept-encoding");
		const chosen = preferred(String(request.headers["accept-encoding"] ?? ""));
		if (chosen === undefined) return writeHead.call(response, status, headers);
		// The head waits for the body, whose length is not known before.
		answering.end = (body) => {
			compressed(chosen, body).then(
				(bytes) => {
					headers["content-encoding"] = chosen;
					headers["content-length"] = bytes.length;
					writeHead.call(response, status, headers);
					end.call(response, bytes);
				},
				(error) => response.destroy(error),
			);
			return response;
		};
		return response;
	};
	answering.writeHead = compressing;
}

function isWorthIt(headers: OutgoingHttpHeaders, fromBytes: number): boolean {
	const length = Number(headers["content-length"] ?? 0);
	return length >= fromBytes && compressible.test(String(headers["content-type"] ?? ""));
}

async function compressed(encoding: string, body: string | Buffer): Promise<Buffer> {
	const compress = encodings[encoding];
	return compress === undefined ? Buffer.from(body) : compress(body);
}

/** The best encoding that an `accept-encoding` takes; undefined for none. */
function preferred(accepted: string): string | undefined {
	const refused = new Set<string>();
	const named = new Set<string>();
	for (const part of accepted.toLowerCase().split(",")) {
		const [name = "", ...parameters] = part.split(";").map((text) => text.trim());
		if (parameters.some((text) => /^q=0(?:\.0*)?$/.test(text))) refused.add(name);
		else named.add(name);
	}
	return Object.keys(encodings).find((name) => named.has(name) || (named.has("*") && !refused.has(name)));
}

function together(vary: OutgoingHttpHeaders[string], name: string): string {
	return vary === undefined ? name : `${[vary].flat().join(", ")}, ${name}`;
}
