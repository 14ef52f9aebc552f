import { type Context, errorText, isCode, ServiceError } from "@allium/core";
import type { Credentials } from "../config/credentials.ts";
import { TlsDialer } from "../tls/tls-dialer.ts";
import type { TlsOptions } from "../tls/tls-options.ts";
import { unproven } from "../tls/unproven.ts";

/** The largest accepted answer, in bytes. */
const maxBytes = 16 * 1024 * 1024;

/** The answer of a server. */
export interface JsonAnswer {
	readonly status: number;
	/** Undefined where the body is not JSON. */
	readonly body: unknown;
}

/**
 * Gets JSON over HTTP on a connection of its own, so that no connection stays open.
 *
 * @param tls the trusted authorities for HTTPS, and the certificate of this side. Default: the authorities that Node
 * trusts.
 * @param credentials the metadata that proves the identity of this side to guards. Default: none.
 * @param identity the identity that the server has to prove over HTTPS. Default: the identity of the host.
 * @throws ServiceError `unavailable` when there is no answer, or nobody can prove the identity there, or the error of the context when that ends.
 */
export async function getJson(
	url: string,
	ctx: Context,
	tls?: TlsOptions,
	credentials: Credentials = {},
	identity?: string,
): Promise<JsonAnswer> {
	const refused = url.startsWith("https:") ? undefined : unproven(url, identity, tls);
	if (refused !== undefined) throw refused;
	const { get } = url.startsWith("https:") ? await import("node:https") : await import("node:http");
	const way = dialling(url, tls, identity);
	return new Promise((resolve, reject) => {
		const fail = (error: Error): void => reject(ctx.error ?? unreachable(url, error));
		const request = get(url, { signal: ctx.signal, headers: { ...credentials }, ...way }, (response) => {
			const chunks: Buffer[] = [];
			let bytes = 0;
			response.on("data", (chunk: Buffer) => {
				chunks.push(chunk);
				bytes += chunk.length;
				if (bytes > maxBytes) response.destroy(new Error(`the answer takes more than ${maxBytes} bytes`));
			});
			response.on("error", fail);
			response.on("end", () => {
				resolve({ status: response.statusCode ?? 0, body: parse(Buffer.concat(chunks).toString()) });
			});
		});
		request.on("error", fail);
	});
}

/** An unexpected answer in one line: `401 unauthenticated: a token, please`. */
export function answerText({ status, body }: JsonAnswer): string {
	const code = codeOf(body);
	if (code === undefined) return `${status}`;
	const message = isObject(body) && typeof body.message === "string" ? `: ${body.message.slice(0, 256)}` : "";
	return `${status} ${code}${message}`;
}

/** Whether a guard refused the request, so that credentials may help. */
export function isRefused({ status }: JsonAnswer): boolean {
	return status === 401 || status === 403;
}

function codeOf(body: unknown): string | undefined {
	return isObject(body) && isCode(body.code) ? body.code : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null;
}

function dialling(url: string, tls: TlsOptions | undefined, identity: string | undefined) {
	const { protocol, hostname, port } = new URL(url);
	if (protocol !== "https:") return { agent: false as const };
	const dialer = new TlsDialer(tls);
	const host = hostname.replace(/^\[|\]$/g, "");
	return { createConnection: () => dialer.dial(host, Number(port || 443), "http/1.1", identity) };
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function unreachable(url: string, error: Error): ServiceError {
	return new ServiceError({
		code: "unavailable",
		message: `cannot reach ${new URL(url).host}: ${errorText(error)}`,
		cause: error,
	});
}
