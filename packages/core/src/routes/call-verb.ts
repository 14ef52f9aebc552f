import type { Method } from "../contract/method.ts";

/** The verbs that call methods. */
export const callVerbs = ["GET", "POST"] as const;

/**
 * Whether a verb at `/{service}/{method}` calls the method itself, so that no route may take it: POST, and GET where
 * the method only reads.
 */
export function isCallVerb({ effect, kind }: Method, verb: string): boolean {
	if (verb !== "GET" && verb !== "HEAD") return verb === "POST";
	return effect === "read" && (kind === "unary" || kind === "server_stream");
}
