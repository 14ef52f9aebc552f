import { Context, ServiceError } from "@allium/core";
import { type EventStore, type StoreTransaction, sqlNotOffered } from "@allium/core/store";
import type { BackendChannel } from "./backend-channel.ts";
import type { BackendServer, RequestKind } from "./backend-server.ts";

/**
 * Does the work in a transaction at the backend: each operation is a separate request, and the last one commits. If the
 * client or the backend crashes before, the transaction has no effect.
 */
export async function inTransaction<T>(
	channel: BackendChannel,
	work: (tx: StoreTransaction) => Promise<T>,
	ctx: Context,
): Promise<T> {
	for (;;) {
		const begin = { name: "begin a transaction", kind: "read" } as const;
		const session = await channel.ask(begin, ctx, (server) => Session.begin(server));
		const ask = <Answer>(
			name: string,
			kind: RequestKind,
			run: (tx: StoreTransaction) => Promise<Answer>,
		): Promise<Answer> => channel.ask({ name, kind }, ctx, async (server) => run(session.at(server)));
		const result = await work({
			sql: async () => {
				throw sqlNotOffered(channel.location);
			},
			append: (part) => ask(`append to ${part.stream} in a transaction`, "read", (tx) => tx.append(part)),
			publish: (topic, events) => ask("publish in a transaction", "read", (tx) => tx.publish(topic, events)),
		});
		if (await ask("commit", "write", () => session.commit())) return result;
	}
}

/** A transaction at the backend. It has no effect unless it is committed. */
class Session {
	readonly #server: BackendServer;
	readonly #tx: StoreTransaction;
	readonly #commit: () => Promise<boolean>;

	private constructor(server: BackendServer, tx: StoreTransaction, commit: () => Promise<boolean>) {
		this.#server = server;
		this.#tx = tx;
		this.#commit = commit;
	}

	static begin(server: BackendServer): Promise<Session> {
		return new Promise((resolve, reject) => {
			const ending = Promise.withResolvers<void>();
			const done = onlyOnce(server.events, async (tx) => {
				resolve(
					new Session(server, tx, () => {
						ending.resolve();
						return done;
					}),
				);
				await ending.promise;
			});
			done.catch(reject);
		});
	}

	/** The transaction, if the backend is still in the life that began it. */
	at(server: BackendServer): StoreTransaction {
		if (server === this.#server) return this.#tx;
		const message = "the store that began the transaction has crashed; begin it again";
		throw new ServiceError({ code: "unavailable", message });
	}

	/** Returns false if others have meanwhile changed what the transaction read: the work has to run again. */
	commit(): Promise<boolean> {
		return this.#commit();
	}
}

/** A store runs the work of a transaction again after a conflict. Here, the client does that. */
async function onlyOnce(events: EventStore, work: (tx: StoreTransaction) => Promise<void>): Promise<boolean> {
	let runs = 0;
	try {
		await events.transaction((tx) => {
			if (++runs > 1) throw new Conflict();
			return work(tx);
		}, Context.background());
		return true;
	} catch (error) {
		if (error instanceof Conflict) return false;
		throw error;
	}
}

class Conflict extends Error {}
