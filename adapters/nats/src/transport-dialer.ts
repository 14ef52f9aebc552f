import type { Pipe } from "@allium/core/transport";
import type { NatsLink } from "./nats-link.ts";
import type { PipeTable } from "./nats-pipe.ts";
import { openMessage } from "./transport-listener.ts";
import { subjectOf } from "./transport-subjects.ts";

/**
 * Opens a pipe to the instance at an address: asks at its subject, and waits for its first message. Rejects when nobody
 * listens there, the server refuses or does not answer, or the signal aborts.
 */
export async function dialPipe(
	link: NatsLink,
	pipes: PipeTable,
	address: string,
	signal: AbortSignal,
): Promise<Pipe> {
	const subject = subjectOf(address);
	const aborted = Promise.withResolvers<never>();
	const abort = (): void => aborted.reject(signal.reason);
	signal.addEventListener("abort", abort, { once: true });
	if (signal.aborted) abort();
	try {
		await Promise.race([link.opened(), aborted.promise]);
		const end = pipes.open(address);
		try {
			end.ask(subject, openMessage);
			link.suspect();
			await Promise.race([end.answered, aborted.promise]);
			return end.pipe;
		} catch (error) {
			end.pipe.destroy();
			throw error;
		}
	} finally {
		signal.removeEventListener("abort", abort);
	}
}
