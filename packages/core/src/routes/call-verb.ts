import type { Method } from "../contract/method.ts";

/** The verbs with which methods are called. */
export const callVerbs = ["GET", "POST"] as const;

/**
 * Whether a method itself answers a verb at `/{service}/{method}`, so that no route does there: POST, and GET where
 * it only reads.
 */
export function isCallVerb({ effect, kind }: Method, verb: string): boolean {
	if (verb !== "GET" && verb !== "HEAD") return verb === "POST";
	return effect === "read" && (kind === "unary" || kind === "server_stream");
}
