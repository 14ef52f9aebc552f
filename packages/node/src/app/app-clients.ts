import type { Part } from "./part.ts";

interface Closable {
	[Symbol.asyncDispose](): Promise<void>;
}

/** The clients of an app, which are closed with it. */
export class AppClients implements Part {
	readonly name: string = "the clients";
	/** The clients that are open. */
	readonly #open = new Set<Closable>();
	#isClosed = false;

	/** Set when no more clients are made. */
	get isClosed(): boolean {
		return this.#isClosed;
	}

	/** Adds a client. `make` receives the function that the client calls when it is closed. */
	add<C extends Closable>(make: (onClose: () => void) => C): C {
		const client: C = make(() => this.#open.delete(client));
		this.#open.add(client);
		return client;
	}

	async stop(): Promise<void> {
		this.#isClosed = true;
		const closing = Array.from(this.#open, (client) => client[Symbol.asyncDispose]());
		await Promise.allSettled(closing);
		// This rejects with the first failure, now that all are over.
		await Promise.all(closing);
	}
}
