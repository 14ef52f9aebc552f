import type { EndpointTable } from "@allium/core";
import { askGuard } from "@allium/core/transport";
import type { HttpRequest } from "../http/http-request.ts";
import { readHead } from "../http/read-head.ts";
import type { RequestHead } from "../http/request-head.ts";

/**
 * Asks the guard about a request that is not a call of a method. Without a guard, every request is let in. Rejects with
 * the error that the client may see.
 *
 * @param head the head of the request. An error in it refuses the request as well.
 */
export async function admit(
	endpoints: Pick<EndpointTable, "guard" | "logger" | "tellsMistakes">,
	request: HttpRequest,
	head?: Pick<RequestHead, "metadata" | "error">,
): Promise<void> {
	if (endpoints.guard === undefined) return;
	const { metadata, error } = head ?? readHead(request);
	if (error !== undefined) throw error;
	const { peer, path } = request;
	await askGuard(endpoints, { peer, path, metadata });
}
