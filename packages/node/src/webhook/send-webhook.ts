import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { type Context, errorText, isServiceError, ServiceError } from "@allium/core";
import { checkDuration } from "@allium/core/transport";
import { isPublicAddress, privateAddress, publicLookup } from "./public-address.ts";
import { signedHeaders, type WebhookSecret, webhookKeys } from "./webhook-signature.ts";

/** The destination of webhooks, and how they are sent. */
export interface WebhookTarget {
	/** An `https:` URL, without a name or password. */
	readonly url: string;
	readonly secret: WebhookSecret;
	/** How long the receiver may take to answer, in milliseconds. Default: 15 s. */
	readonly timeoutMs?: number;
	/**
	 * The kinds of URL to allow in addition to public `https` ones: `http` is without encryption, and `private` is on this
	 * machine or in a private network. Default: none, because the URL may come from a stranger.
	 */
	readonly allow?: readonly ("http" | "private")[];
}

/** The message that is sent. */
export interface WebhookMessage {
	/** The same each time that the message is sent, so that the receiver can tell that it has it already. */
	readonly id: string;
	/** A CloudEvent in JSON. */
	readonly text: string;
}

const defaultTimeoutMs = 15_000;

/** How much of an answer is read, in bytes. Only its status matters. */
const maxAnswerBytes = 16 * 1024;

/** The longest time that a receiver can ask to be left alone, in milliseconds. */
const longestRetryAfterMs = 60 * 60_000;

/**
 * Sends one webhook, signed as Standard Webhooks says. Resolves once the receiver has answered with a status of 2xx.
 * Redirects are not followed.
 *
 * It rejects in a way that retries the event of a handler, or parks it, as Standard Webhooks asks for: `unavailable` for
 * 503 and `resource_exhausted` for 429, with the time of `Retry-After`, up to an hour; `failed_precondition`, reason
 * `webhook_gone`, for 410; `unknown`, reason `webhook_failed`, for any other status and for a receiver that cannot be
 * reached; `deadline_exceeded` for one that does not answer in time; and `permission_denied`, reason
 * `private_address`, for an address that is not allowed.
 *
 * @throws TypeError for a URL or a secret that cannot be used; RangeError for a timeout that cannot.
 */
export async function sendWebhook(
	target: WebhookTarget,
	{ id, text }: WebhookMessage,
	ctx: Context,
): Promise<void> {
	const { url, keys, timeoutMs } = checkedTarget(target);
	const host = url.hostname.replace(/^\[|\]$/g, "");
	const isOpen = target.allow?.includes("private") === true;
	// An address in the URL is not looked up.
	if (!isOpen && isIP(host) !== 0 && !isPublicAddress(host)) throw privateAddress(host);
	const { request } = url.protocol === "https:" ? await import("node:https") : await import("node:http");
	const limited = ctx.withTimeout(timeoutMs);
	const headers = {
		"content-type": "application/cloudevents+json; charset=utf-8",
		"content-length": Buffer.byteLength(text),
		"user-agent": "allium-webhooks",
		...signedHeaders(keys, headerSafe(id), text),
	};
	const way = { agent: false as const, signal: limited.signal, ...(!isOpen && { lookup: publicLookup }) };
	const answer = await new Promise<Answer>((resolve, reject) => {
		let isAnswered = false;
		const fail = (error: Error): void => {
			if (!isAnswered) reject(failure(error));
		};
		const sent = request(url, { method: "POST", headers, ...way }, (response) => {
			isAnswered = true;
			drain(response, resolve);
		});
		sent.on("error", fail);
		// Without an answer and without an error: the receiver wants to change the protocol.
		sent.on("close", () => fail(new Error("the connection ended without an answer")));
		sent.end(text);
	});
	checkAnswer(url.host, answer);

	function failure(error: Error): ServiceError {
		if (ctx.error !== undefined) return ctx.error;
		if (isServiceError(error)) return error;
		if (limited.error === undefined) return failed(`${url.host} cannot be reached: ${whyOf(error)}`);
		const message = `${url.host} did not answer the webhook within ${timeoutMs} ms`;
		return new ServiceError({ code: "deadline_exceeded", message });
	}
}

/** A target that can be used. */
export interface CheckedTarget {
	readonly url: URL;
	readonly keys: readonly Buffer[];
	readonly timeoutMs: number;
}

/**
 * Checks a target, without looking up its host.
 *
 * @throws TypeError for a URL or a secret that cannot be used; RangeError for a timeout that cannot.
 */
export function checkedTarget(target: WebhookTarget): CheckedTarget {
	const { secret, timeoutMs = defaultTimeoutMs, allow = [] } = target;
	const url = URL.parse(target.url);
	if (url === null) throw new TypeError("the URL of a webhook is no URL, such as https://example.com/hook");
	const isAllowed = url.protocol === "https:" || (url.protocol === "http:" && allow.includes("http"));
	if (!isAllowed)
		throw new TypeError(`the URL of a webhook begins with https:, and not with ${url.protocol}`);
	if (url.username !== "" || url.password !== "") {
		throw new TypeError(
			"the URL of a webhook has a name or a password; webhooks prove who sends them by their secret",
		);
	}
	checkDuration("timeoutMs of a webhook", timeoutMs, "positive");
	return { url, keys: webhookKeys(secret), timeoutMs };
}

interface Answer {
	readonly status: number;
	readonly retryAfter: string | undefined;
}

/** Calls back when the answer has ended, is longer than anybody reads, or takes too long. */
function drain(response: IncomingMessage, ended: (answer: Answer) => void): void {
	const answer = { status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"] };
	let bytes = 0;
	response.on("data", (chunk: Buffer) => {
		bytes += chunk.length;
		if (bytes > maxAnswerBytes) response.destroy();
	});
	// The status has arrived, and only the status counts.
	response.on("error", () => {});
	response.on("close", () => ended(answer));
}

function checkAnswer(host: string, { status, retryAfter }: Answer): void {
	if (status >= 200 && status < 300) return;
	const message = `${host} answered the webhook with ${status}`;
	const retryAfterMs = waitOf(retryAfter);
	if (status === 429) throw new ServiceError({ code: "resource_exhausted", message, retryAfterMs });
	if (status === 503) throw new ServiceError({ code: "unavailable", message, retryAfterMs });
	if (status >= 300 && status < 400) throw failed(`${message}: redirects are not followed`);
	if (status !== 410) throw failed(message);
	throw new ServiceError({
		code: "failed_precondition",
		reason: "webhook_gone",
		message: `${message}: it wants no more of them`,
	});
}

/** A server without TLS is told as what it is, and not by what OpenSSL says of its first bytes. */
function whyOf(error: Error): string {
	const isNoTls = "code" in error && /^EPROTO$|WRONG_VERSION_NUMBER/.test(String(error.code));
	return isNoTls ? "it does not speak TLS on this port" : errorText(error);
}

/** The milliseconds of a header `Retry-After`, which has seconds or a date. */
function waitOf(retryAfter: string | undefined): number | undefined {
	if (retryAfter === undefined) return undefined;
	const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now();
	return Number.isNaN(ms) ? undefined : Math.min(longestRetryAfterMs, Math.max(0, ms));
}

function failed(message: string): ServiceError {
	return new ServiceError({ code: "unknown", reason: "webhook_failed", message });
}

/** The id as a header can have it. Dots separate the parts that are signed. */
function headerSafe(id: string): string {
	return /^[\w-]+$/.test(id) ? id : encodeURIComponent(id.toWellFormed()).replaceAll(".", "%2E");
}
