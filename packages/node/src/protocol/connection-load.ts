import type { ConnectionLoad, HttpRequest } from "../http/http-request.ts";
import type { HttpResponse } from "../http/http-response.ts";

/** Counts a handler until it has ended. That may be long after the client reset its stream. */
export function countRun(load: ConnectionLoad | undefined, run: Promise<unknown>): void {
	if (load === undefined) return;
	load.running++;
	const ended = (): void => {
		load.running--;
	};
	run.then(ended, ended);
}

/**
 * Whether the last part of an answer may be sent. It is counted until it has left. Where the connection holds too many
 * replies that its client does not read, the answer is refused.
 */
export function mayEnd(
	{ load }: HttpRequest,
	response: HttpResponse,
	last: string | Uint8Array | undefined,
): boolean {
	// Most connections carry one call at a time, and have no load.
	if (load === undefined) return true;
	if (load.isOverfull) {
		response.refuse();
		return false;
	}
	const bytes = last?.length ?? 0;
	load.heldReplyBytes += bytes;
	response.onClose(() => {
		load.heldReplyBytes -= bytes;
	});
	return true;
}
