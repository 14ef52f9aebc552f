import type { Client } from "undici";

/**
 * Clients of undici for one address. Each has one connection and carries one call at a time.
 *
 * A client can be taken as soon as its call is over, and the one that was used last is taken first. So there are no
 * more connections than concurrent calls, and the connections in use stay in the caches of the processor. Other
 * connections end when they have been idle for a while. The pool of undici instead lets a connection rest for a turn of
 * the event loop, which takes up to two connections for each call, and looks for a free client among all of them.
 */
export class ClientPool {
	readonly #make: () => Client;
	readonly #most: number;
	#clients: Client[] = [];
	#idle: Client[] = [];
	/** Clients that take no further calls, and wait for the end of their present calls. */
	readonly #retired = new Set<Client>();

	/** @param most the most clients at once. */
	constructor(make: () => Client, most: number) {
		this.#make = make;
		this.#most = most;
	}

	/** Whether there may be more clients. */
	get hasRoom(): boolean {
		return this.#clients.length < this.#most;
	}

	/**
	 * Takes a client for one call; undefined when all are in use.
	 *
	 * @param most how many clients there may be for a further one to be made.
	 */
	take(most: number = this.#most): Client | undefined {
		const idle = this.#idle.pop();
		if (idle !== undefined) return idle;
		if (this.#clients.length >= most || !this.hasRoom) return undefined;
		const client = this.#make();
		this.#clients.push(client);
		return client;
	}

	/**
	 * Gives a client back, because its call is over.
	 *
	 * @param isBroken whether its connection is gone. Then the others are taken first.
	 */
	giveBack(client: Client, isBroken: boolean): void {
		if (client.closed) return;
		if (isBroken) this.#idle.unshift(client);
		else this.#idle.push(client);
	}

	/** Lets go of all clients. They close when their calls are over; further calls are given new clients. */
	retire(): void {
		const clients = this.#clients;
		this.#clients = [];
		this.#idle = [];
		for (const client of clients) {
			this.#retired.add(client);
			const forget = (): boolean => this.#retired.delete(client);
			client.close().then(forget, forget);
		}
	}

	/** Ends every call and connection. */
	async destroy(): Promise<void> {
		await Promise.all([...this.#clients, ...this.#retired].map((client) => client.destroy()));
	}
}
