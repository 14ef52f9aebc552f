import type { Logger } from "@allium/core";
import { unavailable } from "@allium/core/adapter";
import { after, Backoff, clientClosed, every, type Timer } from "@allium/core/transport";
import {
	type Msg,
	type MsgHdrs,
	type NatsConnection,
	PermissionViolationError,
	type Subscription,
} from "@nats-io/transport-node";

/** A subscription that the link makes again whenever it is connected again. */
export interface LinkSubscription {
	readonly subject: string;
	/** The queue group in which each message reaches one subscriber. Default: none, so that all get it. */
	readonly queue?: string;
	/** A message arrived. An error that this throws is logged. */
	receive(message: Msg): void;
}

/** Learns of the events of a link. */
export interface LinkListener {
	/** The connection to the server is gone, and with it all messages that were on their way. */
	onLost(reason: string): void;
	/** The server refused to publish to a subject, or to subscribe to it. */
	onRefused?(subject: string, reason: string): void;
}

/** Options of {@link NatsLink}. */
export interface NatsLinkOptions {
	/** Connects to the server, once. Rejects with a `ServiceError` that names the remedy. */
	readonly connect: () => Promise<NatsConnection>;
	/** The server for messages, without secrets. */
	readonly location: string;
	readonly logger: Logger;
}

/** How long a server that was asked may be silent before its connection is given up, in milliseconds, twice over. */
const patienceMs = 1_000;

/** How long the last messages may take to leave when the link is closed, in milliseconds. */
const closingMs = 1_000;

/** The pauses between attempts to connect again. */
const reconnects = { firstMs: 100, longestMs: 5_000 };

/**
 * The connection to NATS that the calls of one process share. It is opened when it is first needed, and closed when
 * nobody uses it any more. A connection that broke is replaced by a new one, at the next use, or at once while somebody
 * listens. Nothing is kept to be sent later: messages that were on their way are lost, and the pipes are told so.
 */
export class NatsLink {
	readonly #options: NatsLinkOptions;
	readonly #subscriptions = new Map<LinkSubscription, Subscription | undefined>();
	readonly #listeners = new Set<LinkListener>();
	readonly #backoff = new Backoff(reconnects);
	#connection: NatsConnection | undefined;
	#connecting: Promise<NatsConnection> | undefined;
	#users = 0;
	/** Users who need the connection to be there. */
	#keepers = 0;
	#reconnecting: Timer | undefined;
	/** Runs while the server is asked whether it is there. */
	#asking: Timer | undefined;

	constructor(options: NatsLinkOptions) {
		this.#options = options;
	}

	/** Whom it connects to, for messages. */
	get location(): string {
		return this.#options.location;
	}

	/** The size of the largest message that the server takes, in bytes. While it is not known, the default of servers. */
	get maxMessageBytes(): number {
		return this.#connection?.info?.max_payload ?? 1024 * 1024;
	}

	/**
	 * Uses the link until the returned function is called, which resolves when the connection is closed if this was the
	 * last use.
	 *
	 * @param keep whether the link connects again by itself while it is used.
	 */
	use(keep = false): () => Promise<void> {
		this.#users++;
		if (keep) this.#keepers++;
		let isUsed = true;
		return async () => {
			if (!isUsed) return;
			isUsed = false;
			if (keep) this.#keepers--;
			if (--this.#users === 0) await this.#close();
		};
	}

	/** Connects, unless it is connected. Rejects with `unavailable` when the server cannot be reached. */
	async opened(): Promise<void> {
		if (this.#connection !== undefined) return;
		this.#connecting ??= this.#connect().finally(() => {
			this.#connecting = undefined;
		});
		await this.#connecting;
	}

	/** Subscribes, now and at each further connection, until the returned function is called. */
	subscribe(subscription: LinkSubscription): () => void {
		this.#subscriptions.set(subscription, this.#subscribe(subscription));
		return () => {
			this.#subscriptions.get(subscription)?.unsubscribe();
			this.#subscriptions.delete(subscription);
		};
	}

	/** Tells a listener of the link's events, until the returned function is called. */
	listen(listener: LinkListener): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	/** @throws Error when the link is not connected, or the message is larger than the server takes. */
	publish(subject: string, message: Uint8Array, options: { reply?: string; headers?: MsgHdrs } = {}): void {
		const connection = this.#connection;
		if (connection === undefined) throw new Error(`there is no connection to ${this.location}`);
		connection.publish(subject, message, options);
	}

	/**
	 * Resolves when the server has taken all that was sent, including subscriptions. Rejects with `unavailable` when the
	 * connection is lost before, or the server does not answer.
	 */
	async flush(): Promise<void> {
		const lost = Promise.withResolvers<never>();
		const unlisten = this.listen({ onLost: (reason) => lost.reject(unavailable(reason)) });
		this.suspect();
		try {
			await Promise.race([this.#connection?.flush(), lost.promise]);
		} finally {
			unlisten();
		}
	}

	/** Finds out whether the server is there at all, and gives the connection up if it does not answer. */
	suspect(): void {
		const connection = this.#connection;
		if (connection === undefined || this.#asking !== undefined) return;
		// The second interval is for what arrived while this process itself was busy.
		let patience = 2;
		let heard = connection.stats().inBytes;
		this.#asking = every(patienceMs, () => {
			const { inBytes } = connection.stats();
			patience = inBytes === heard ? patience - 1 : 2;
			heard = inBytes;
			if (patience > 0) return;
			this.#lose(connection, `${this.location} does not answer`);
			void connection.close().catch(() => {});
		});
		const answered = (): void => {
			if (this.#connection === connection) this.#stopAsking();
		};
		connection.flush().then(answered, answered);
	}

	#stopAsking(): void {
		this.#asking?.stop();
		this.#asking = undefined;
	}

	async #connect(): Promise<NatsConnection> {
		const { connect } = this.#options;
		const connection = await connect();
		if (this.#users === 0) {
			await connection.close();
			throw clientClosed();
		}
		this.#connection = connection;
		this.#backoff.reset();
		for (const subscription of this.#subscriptions.keys()) {
			this.#subscriptions.set(subscription, this.#subscribe(subscription));
		}
		void this.#follow(connection);
		return connection;
	}

	/** Follows the events of a connection in the client library. */
	async #follow(connection: NatsConnection): Promise<void> {
		void connection.closed().then((error) => {
			const reason = error instanceof Error ? `: ${error.message}` : "";
			this.#lose(connection, `the connection to ${this.location} was lost${reason}`);
		});
		for await (const status of connection.status()) {
			if (status.type === "staleConnection") {
				this.#lose(connection, `${this.location} does not answer`);
				void connection.close().catch(() => {});
			} else if (status.type === "error" && isRefusedPublish(status.error)) {
				this.#refused(status.error.subject, status.error.message);
			}
		}
	}

	#subscribe(subscription: LinkSubscription): Subscription | undefined {
		const { subject, queue } = subscription;
		return this.#connection?.subscribe(subject, {
			...(queue !== undefined && { queue }),
			// An error that is thrown here would end the loop in which the client library reads.
			callback: (error, message) => {
				if (error !== null) {
					this.#refused(subject, error.message);
					return;
				}
				try {
					subscription.receive(message);
				} catch (thrown) {
					this.#options.logger.log("error", "a message from NATS could not be handled", {
						subject,
						error: thrown,
					});
				}
			},
		});
	}

	#refused(subject: string, reason: string): void {
		this.#options.logger.log("error", "the NATS server refuses what calls need; give the user permission", {
			server: this.location,
			subject,
			error: reason,
		});
		for (const listener of [...this.#listeners]) listener.onRefused?.(subject, reason);
	}

	/** A connection is gone. */
	#lose(connection: NatsConnection, reason: string): void {
		if (this.#connection !== connection) return;
		this.#connection = undefined;
		this.#stopAsking();
		for (const subscription of this.#subscriptions.keys()) this.#subscriptions.set(subscription, undefined);
		for (const listener of [...this.#listeners]) listener.onLost(reason);
		if (this.#keepers === 0) return;
		this.#options.logger.log("warn", "nobody can call over NATS until it is reached again", {
			server: this.location,
			error: reason,
		});
		this.#reconnectLater();
	}

	#reconnectLater(): void {
		this.#reconnecting?.stop();
		this.#reconnecting = after(this.#backoff.next(), () => {
			if (this.#keepers === 0) return;
			this.opened().then(
				() => this.#options.logger.log("info", "NATS is reached again", { server: this.location }),
				() => this.#reconnectLater(),
			);
		});
	}

	async #close(): Promise<void> {
		this.#reconnecting?.stop();
		this.#stopAsking();
		const connection = this.#connection;
		this.#connection = undefined;
		if (connection === undefined) return;
		// The client library drops messages that it has not sent.
		const sent = Promise.withResolvers<void>();
		const timer = after(closingMs, sent.resolve);
		connection.flush().then(sent.resolve, sent.resolve);
		await sent.promise;
		timer.stop();
		await connection.close().catch(() => {});
	}
}

/** Whether the server refused to publish. The subscription itself is told of a refusal to subscribe. */
function isRefusedPublish(error: Error): error is PermissionViolationError {
	return error instanceof PermissionViolationError && error.operation === "publish";
}
