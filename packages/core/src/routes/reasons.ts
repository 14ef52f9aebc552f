import type { AnyContract, MethodName } from "../contract/contract.ts";
import type { Method } from "../contract/method.ts";
import type { Side } from "../contract/stream.ts";

/** The reasons of errors that a server itself makes, before or around a method. */
export const runtimeReasons = [
	"unparsable",
	"invalid_input",
	"unsupported_media_type",
	"invalid_request",
	"invalid_metadata",
	"message_too_large",
	"body_timeout",
	"rate_limited",
	"bulkhead_full",
	"circuit_open",
	"no_instance",
	"invalid_idempotency_key",
	"key_reused",
	"call_in_progress",
	"reply_not_kept",
] as const;

/** The reason of an error that a server itself makes, or `*` for all that have no template of their own. */
export type RuntimeReason = (typeof runtimeReasons)[number] | "*";

/** The reasons that a method declares. */
type DeclaredReason<M> =
	M extends Method<Side | undefined, Side | undefined, infer E> ? Extract<keyof E, string> : never;

/** The reasons that the error templates of a method's route may be for. */
export type RouteReason<M> = DeclaredReason<M> | RuntimeReason;

/** The reasons that the error templates of all routes of a contract may be for. */
export type ContractReason<C extends AnyContract> = RouteReason<C[MethodName<C>]>;

/**
 * Refuses error templates for reasons that no error has, because their names are misspelt.
 *
 * @param what names the routes in the error.
 * @param methods the methods whose reasons are allowed.
 * @throws TypeError that lists the reasons that exist.
 */
export function checkReasons(what: string, methods: readonly Method[], reasons: readonly string[]): void {
	const declared = [...new Set(methods.flatMap(({ errors }) => Object.keys(errors)))];
	const known = [...declared, ...runtimeReasons, "*"];
	const unknown = reasons.find((reason) => !known.includes(reason));
	if (unknown === undefined) return;
	const own = declared.length === 0 ? "no reasons are declared" : `declared are ${declared.join(", ")}`;
	throw new TypeError(
		`${what}: there is no reason "${unknown}" for the error template; ${own}; the server's own are ${runtimeReasons.join(", ")}; "*" is for all others`,
	);
}
