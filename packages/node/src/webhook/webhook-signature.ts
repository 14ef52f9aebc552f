import { ServiceError } from "@allium/core";
import { checkDuration } from "@allium/core/transport";
import { crypto } from "../platform/builtins.ts";

/**
 * The secret that signs webhooks: `whsec_` and at least 24 bytes in base64, as {@link webhookSecret} makes it. While a
 * secret is being replaced there are several, the new one first.
 */
export type WebhookSecret = string | readonly string[];

/** The headers of a request, as `fetch` or Node have them. Names are in lower case where they are properties. */
export type WebhookHeaders =
	| { get(name: string): unknown }
	| Readonly<Record<string, string | readonly string[] | undefined>>;

/** How {@link verifyWebhook} works. */
export interface VerifyWebhookOptions {
	/** How far the time of the message may be from that of this machine, in milliseconds. Default: 5 minutes. */
	readonly toleranceMs?: number;
}

/** A webhook whose signature is right. */
export interface VerifiedWebhook {
	/** The same each time that the sender repeats the message: remember it, to have the effect once. */
	readonly id: string;
	/** When the sender sent it this time. */
	readonly time: Date;
}

const prefix = "whsec_";
const fewestBytes = 24;
const version = "v1";

/** Makes a secret for webhooks, from 32 random bytes. */
export function webhookSecret(): string {
	return prefix + crypto().randomBytes(32).toString("base64");
}

/**
 * Checks that the sender of a webhook has the secret, and that the message is not an old one sent again.
 *
 * See https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @param body the body as it arrived. Text that was parsed and written again has another signature.
 * @throws ServiceError `unauthenticated`, reason `invalid_webhook`; and a TypeError for a malformed secret.
 * @example
 * const { id } = verifyWebhook(request.headers, await request.text(), process.env.WEBHOOK_SECRET);
 */
export function verifyWebhook(
	headers: WebhookHeaders,
	body: string | Uint8Array,
	secret: WebhookSecret,
	{ toleranceMs = 5 * 60_000 }: VerifyWebhookOptions = {},
): VerifiedWebhook {
	checkDuration("toleranceMs of verifyWebhook()", toleranceMs);
	const keys = webhookKeys(secret);
	const id = headerOf(headers, "webhook-id");
	const timestamp = headerOf(headers, "webhook-timestamp");
	const seconds = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) : Number.NaN;
	if (Number.isNaN(seconds)) throw invalid("webhook-timestamp is not a time in seconds");
	const given = headerOf(headers, "webhook-signature").split(" ");
	const isRight = keys.some((key) => {
		const expected = Buffer.from(signature(key, id, timestamp, body));
		return given.map((each) => Buffer.from(each)).some((each) => isSame(each, expected));
	});
	if (!isRight) throw invalid("no signature fits the secret and the body");
	if (Math.abs(Date.now() - seconds * 1000) > toleranceMs) {
		throw invalid(`it was sent at another time than now, by more than ${toleranceMs / 1000} s`);
	}
	return { id, time: new Date(seconds * 1000) };
}

/** The headers that sign a message which is sent now: one signature for each secret. */
export function signedHeaders(keys: readonly Buffer[], id: string, body: string): Record<string, string> {
	const timestamp = String(Math.floor(Date.now() / 1000));
	return {
		"webhook-id": id,
		"webhook-timestamp": timestamp,
		"webhook-signature": keys.map((key) => signature(key, id, timestamp, body)).join(" "),
	};
}

/**
 * The bytes of secrets.
 *
 * @throws TypeError for a secret that is none. The message does not show it.
 */
export function webhookKeys(secret: WebhookSecret): readonly Buffer[] {
	const secrets = typeof secret === "string" ? [secret] : secret;
	if (secrets.length === 0) throw new TypeError("a webhook takes a secret, and was given an empty list");
	return secrets.map((each) => {
		const base64 = each.startsWith(prefix) ? each.slice(prefix.length) : each;
		const key = Buffer.from(base64, "base64");
		if (/^[A-Za-z0-9+/]+={0,2}$/.test(base64) && key.length >= fewestBytes) return key;
		throw new TypeError(
			`the secret of a webhook is "${prefix}" and at least ${fewestBytes} bytes in base64; webhookSecret() makes one`,
		);
	});
}

function signature(key: Buffer, id: string, timestamp: string, body: string | Uint8Array): string {
	const hmac = crypto().createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body);
	return `${version},${hmac.digest("base64")}`;
}

/** In constant time, so that nobody can guess a signature letter by letter. */
function isSame(given: Buffer, expected: Buffer): boolean {
	return given.length === expected.length && crypto().timingSafeEqual(given, expected);
}

function headerOf(headers: WebhookHeaders, name: string): string {
	const { get } = headers;
	const value = typeof get === "function" ? get.call(headers, name) : Reflect.get(headers, name);
	if (typeof value === "string" && value !== "") return value;
	throw invalid(`it has no header ${name}`);
}

function invalid(why: string): ServiceError {
	return new ServiceError({
		code: "unauthenticated",
		reason: "invalid_webhook",
		message: `the webhook is refused: ${why}`,
	});
}
