import { type Context, type Middleware, onSettled } from "allium";

/** An audited call: the caller, the time, and the result. */
export interface AuditEntry {
	/** When the call arrived. */
	readonly at: string;
	/** The name in the certificate if the peer has proved it, else the peer's address. */
	readonly who: string;
	/** The id that the gateway gave to the request. It is the same in all calls below. */
	readonly request?: string;
	readonly method: string;
	/** The input, without secrets. */
	readonly input: unknown;
	/** `ok`, or the reason or code of the error. */
	readonly outcome: string;
}

/** The options of {@link audit}. */
export interface AuditOptions {
	readonly write: (entry: AuditEntry) => void;
	/** The properties of inputs, at any depth, that must not be recorded. */
	readonly redact: readonly string[];
}

/**
 * A middleware of this example. It records each call that changes something, when the call has really ended. Calls
 * that only read leave no trace.
 */
export function audit({ write, redact }: AuditOptions): Middleware {
	const hidden = new Set(redact);
	return (next, method) => {
		if (method.effect === "read") return next;
		return (input, ctx) => {
			const at = new Date().toISOString();
			onSettled(ctx, (outcome) => {
				const request = ctx.metadata.get("x-global-request-id");
				write({
					at,
					who: caller(ctx),
					...(typeof request === "string" && { request }),
					method: method.path,
					input: redacted(input, hidden),
					outcome: outcome.ok ? "ok" : (outcome.error.reason ?? outcome.error.code),
				});
			});
			return next(input, ctx);
		};
	};
}

function caller({ peer }: Context): string {
	return peer?.identity ?? peer?.address ?? "unknown";
}

function redacted(value: unknown, hidden: ReadonlySet<string>): unknown {
	if (Array.isArray(value)) return value.map((each) => redacted(each, hidden));
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(
		Object.entries(value).map(([key, each]) => [
			key,
			hidden.has(key) ? "[redacted]" : redacted(each, hidden),
		]),
	);
}
