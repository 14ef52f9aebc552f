import { sha256 } from "../encoding/sha256.ts";
import { uuidv8 } from "../encoding/uuid.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { Context } from "./context.ts";
import { callerOf } from "./principal.ts";

/** The header by which a caller over HTTP says that two requests are one. */
export const idempotencyKeyName = "idempotency-key";

const maxLength = 255;

/** A string as RFC 9651 writes it in a header. */
const quoted = /^"((?:[^"\\]|\\["\\])*)"$/;

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/**
 * The id of the call that an `Idempotency-Key` stands for; undefined without a key. Keys belong to a method and to a
 * caller: others who choose the same key are other calls. Callers that prove nothing cannot be told apart, so that
 * theirs must be UUIDs, which nobody guesses.
 *
 * The key may be quoted, as the IETF's draft wants it, or not, as most write it.
 *
 * See https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 *
 * @throws ServiceError `invalid_argument`, reason `invalid_idempotency_key`.
 */
export function callIdOfKey(ctx: Context, path: string): string | undefined {
	const given = ctx.metadata.getAll(idempotencyKeyName);
	if (given.length === 0) return undefined;
	const key = keyOf(given);
	const caller = callerOf(ctx);
	if (caller === undefined && !uuid.test(key)) {
		throw refusal(
			"the Idempotency-Key of a caller without credentials is a UUID, because others guess shorter ones",
		);
	}
	return uuidv8(sha256(JSON.stringify([caller ?? null, path, key])));
}

function keyOf(given: readonly unknown[]): string {
	const [value] = given;
	if (given.length > 1 || typeof value !== "string") throw refusal("a request has one Idempotency-Key");
	const key = quoted.exec(value)?.[1]?.replace(/\\(.)/g, "$1") ?? value;
	if (key === "" || key.length > maxLength) {
		throw refusal(`an Idempotency-Key has 1 to ${maxLength} characters; this one has ${key.length}`);
	}
	return key;
}

function refusal(message: string): ServiceError {
	return new ServiceError({ code: "invalid_argument", reason: "invalid_idempotency_key", message });
}
