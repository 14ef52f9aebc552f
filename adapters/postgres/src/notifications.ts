import type { Context, ServiceError } from "@allium/core";
import { Waiters } from "@allium/core/event";

/** The news of what changed, by the names of topics (`t` and a number), of groups (`g` and a number) and of views. */
export class Notifications {
	readonly #waiters = new Map<string, Waiters>();
	#closed: ServiceError | undefined;

	/** The names that somebody waits for. */
	get awaited(): readonly string[] {
		return [...this.#waiters.keys()];
	}

	/** Ends the waits for names, which are separated by spaces. No names mean that there were too many. */
	tell(names: string): void {
		if (names === "") this.tellAll();
		else for (const name of names.split(" ")) this.#waiters.get(name)?.wake();
	}

	tellAll(): void {
		for (const waiters of [...this.#waiters.values()]) waiters.wake();
	}

	/** Resolves with the next news of a name. Rejects when the context ends before. */
	async wait(name: string, ctx: Context): Promise<void> {
		if (this.#closed !== undefined) throw this.#closed;
		const waiters = this.#waiters.get(name) ?? new Waiters();
		this.#waiters.set(name, waiters);
		try {
			await waiters.wait(ctx);
		} finally {
			if (waiters.size === 0 && this.#waiters.get(name) === waiters) this.#waiters.delete(name);
		}
		if (this.#closed !== undefined) throw this.#closed;
	}

	/** Ends all waits with this error. */
	close(error: ServiceError): void {
		this.#closed = error;
		this.tellAll();
	}
}
