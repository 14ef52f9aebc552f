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

/** Sends the last part of an answer, unless its connection holds too many replies that the client does not read. */
export function endReply({ load }: HttpRequest, response: HttpResponse, last?: string | Uint8Array): void {
	if (load === undefined) response.end(last);
	else if (load.isOverfull) response.refuse();
	else {
		const bytes = last?.length ?? 0;
		load.heldReplyBytes += bytes;
		response.onClose(() => {
			load.heldReplyBytes -= bytes;
		});
		response.end(last);
	}
}
