import type { ServiceError } from "../errors/service-error.ts";
import { Deadlines } from "../transport/deadlines.ts";
import type { StreamHandler } from "./stream-handler.ts";
import { StreamTable } from "./stream-table.ts";

/** The streams that are open on a connection, their deadlines, and the calls that wait for one of them to end. */
export class ConnectionStreams {
	readonly #table = new StreamTable<StreamHandler>();
	readonly #deadlines = new Deadlines(() => this.#table.values());
	/** The calls that wait because the other side takes no more streams at once. */
	readonly #waiting = new Set<() => void>();
	/** The number of streams that the other side takes at once. */
	#most = 0;

	get size(): number {
		return this.#table.size;
	}

	/** Whether the other side takes another stream now. */
	get hasRoom(): boolean {
		return this.#table.size < this.#most;
	}

	/** The other side has said how many streams it takes at once. */
	limit(most: number): void {
		this.#most = most;
	}

	get(id: number): StreamHandler | undefined {
		return this.#table.get(id);
	}

	add(handler: StreamHandler): void {
		this.#table.add(handler);
		this.#deadlines.watch(handler.deadline);
	}

	/** Returns whether the stream was open. A call that waited may begin in its place. */
	remove(id: number): boolean {
		if (!this.#table.delete(id)) return false;
		if (this.#waiting.size > 0) this.passTurn();
		return true;
	}

	/** Calls back when there may be room, or the connection has ended. Returns a function that gives up waiting. */
	wait(resume: () => void): () => void {
		this.#waiting.add(resume);
		return () => {
			// A call that gives up its turn passes it on.
			if (!this.#waiting.delete(resume)) this.passTurn();
		};
	}

	/** Lets the call go on that has waited longest. */
	passTurn(): void {
		for (const resume of this.#waiting) {
			this.#waiting.delete(resume);
			resume();
			return;
		}
	}

	/** Ends the streams that began after `lastStream`, which the other side will not serve. */
	refuseAfter(lastStream: number, refusal: () => ServiceError): void {
		for (const handler of [...this.#table.values()]) {
			if (handler.stream.id > lastStream) handler.onLost(refusal());
		}
	}

	/** The connection has ended: every stream is told, and nobody waits. */
	close(error: ServiceError): void {
		this.#deadlines.stop();
		for (const handler of [...this.#table.values()]) handler.onLost(error);
		this.#table.clear();
		for (const resume of this.#waiting) resume();
		this.#waiting.clear();
	}
}
