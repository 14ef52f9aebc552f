import type { RequestBody } from "./request-body.ts";

/** A request of this client, in either version of HTTP. */
export interface OutgoingRequest {
	readonly method: "GET" | "POST";
	readonly path: string;
	/** Names and values in turn. */
	readonly headers: string[];
	/** `null` for a GET. */
	readonly body: string | Uint8Array | RequestBody | null;
}
