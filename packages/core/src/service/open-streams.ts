import { ServiceError } from "../errors/service-error.ts";

/** Something that can be ended early. */
interface Endable {
	cancel(error: ServiceError): void;
}

/**
 * The calls with a stream, in either direction, that a process handles. A stream may never end by itself, so a process
 * that stops ends the remaining calls: their contexts end, and their callers see `unavailable` with the reason
 * `server_stopping`.
 */
export class OpenStreams {
	readonly #calls = new Set<Endable>();
	#error: ServiceError | undefined;

	/** How many are open. */
	get size(): number {
		return this.#calls.size;
	}

	/** Adds a call that begins; it is ended at once when the others have been. */
	add(call: Endable): void {
		if (this.#error === undefined) this.#calls.add(call);
		else call.cancel(this.#error);
	}

	/** Removes a call that is over. */
	remove(call: Endable): void {
		this.#calls.delete(call);
	}

	/** Ends all that are open, and from now on all that begin. */
	end(): void {
		this.#error ??= serverStopping();
		for (const call of this.#calls) call.cancel(this.#error);
		this.#calls.clear();
	}
}

const stoppingReason = "server_stopping";

/** Whether a stream was ended by a server that stops, here or at a callee: it may go on at another instance. */
export function isServerStopping({ code, reason }: ServiceError): boolean {
	return code === "unavailable" && reason === stoppingReason;
}

/** The error of a stream that its server ended in order to stop. */
function serverStopping(): ServiceError {
	return new ServiceError({
		code: "unavailable",
		reason: stoppingReason,
		message: "the server is stopping and has ended the stream; call again to reach another instance",
	});
}
