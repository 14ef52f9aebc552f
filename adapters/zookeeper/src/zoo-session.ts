import type { ConnectionOptions } from "node:tls";
import { backendClosed, type ServerAddress } from "@allium/backend";
import { Context, type ServiceError, toServiceError } from "@allium/core";
import { unavailable } from "@allium/core/adapter";
import { Backoff, sleep, whileLasts } from "@allium/core/transport";
import { failure } from "./failure.ts";
import { newTicket, type SessionTicket, ZooConnection } from "./zoo-connection.ts";

/** The bound of the first delay before the servers are tried again, in milliseconds. */
const firstBackoffMs = 50;
const longestLimitMs = 5_000;
const shortestLimitMs = 1_000;

/** How an ensemble of ZooKeeper is reached. */
export interface ZooSessionOptions {
	/** In the order in which they are tried, beginning with the one that answered last. */
	readonly servers: readonly ServerAddress[];
	/** Undefined for connections without TLS. */
	readonly tls: ConnectionOptions | undefined;
	/** `user:password`; undefined where there is none. */
	readonly login: string | undefined;
	/** How long the session is to last without a sign of life, in milliseconds. The server has bounds of its own. */
	readonly timeoutMs: number;
	/** The path that all requests are below, for messages. */
	readonly base: string;
}

/** A reader of changes. Each connection begins without watches. */
export interface SessionFollower {
	connected(connection: ZooConnection): void;
	/** The connection is over, or there is still none. */
	lost(error: ServiceError): void;
}

/**
 * A session of ZooKeeper across its connections. The loss of a connection is not the loss of the session: the session
 * goes on at the same or another server, with its ephemeral nodes, unless that takes longer than its time. In that case
 * another session begins, and owners of nodes must write them again.
 */
export class ZooSession {
	readonly #options: ZooSessionOptions;
	readonly #followers = new Set<SessionFollower>();
	readonly #running = Context.background().withCancel();
	#ticket: SessionTicket;
	#connection: ZooConnection | undefined;
	#why: ServiceError = unavailable("there is no connection to ZooKeeper yet");
	/** The server that answered last. */
	#server = 0;

	constructor(options: ZooSessionOptions) {
		this.#options = options;
		this.#ticket = newTicket(options.timeoutMs);
	}

	/**
	 * Connects for the first time, and keeps connected from then on.
	 *
	 * @throws ServiceError that says what to do.
	 */
	async start(): Promise<void> {
		const connection = await this.#connectAnywhere();
		void this.#keep(connection);
	}

	/** How long the session lasts without a sign of life, in milliseconds, as the servers grant it. */
	get timeoutMs(): number {
		return this.#ticket.timeoutMs;
	}

	/** Distinguishes the session from the one before and after it. */
	get id(): bigint {
		return this.#ticket.id;
	}

	/**
	 * Sends a request on the present connection.
	 *
	 * @throws ServiceError `unavailable` if there is no connection. Requests do not wait for one, because a late request
	 * may have lost its meaning.
	 */
	async run<Answer>(ask: (connection: ZooConnection) => Promise<Answer>, ctx?: Context): Promise<Answer> {
		if (ctx?.error !== undefined) throw ctx.error;
		const connection = this.#connection;
		if (connection === undefined || connection.isOver) throw this.#why;
		try {
			const answer = ask(connection);
			return await (ctx === undefined ? answer : whileLasts(answer, ctx));
		} catch (error) {
			if (error === ctx?.error) throw error;
			throw this.explained(error);
		}
	}

	/** An error of a request, as one sentence that says what to do. */
	explained(error: unknown): ServiceError {
		return failure(error, this.#connection?.place ?? "its address", this.#options.base);
	}

	/** Tells a follower of the present connection, and of later ones. */
	follow(follower: SessionFollower): void {
		this.#followers.add(follower);
		const connection = this.#connection;
		if (connection !== undefined && !connection.isOver) follower.connected(connection);
		else follower.lost(this.#why);
	}

	unfollow(follower: SessionFollower): void {
		this.#followers.delete(follower);
	}

	/** @param endsSession whether the ephemeral nodes go at once, and not when the time of the session is over. */
	close(endsSession: boolean): void {
		this.#why = backendClosed();
		this.#running.cancel();
		this.#connection?.end(this.#why, endsSession);
		this.#followers.clear();
	}

	async #keep(first: ZooConnection): Promise<void> {
		const { ctx } = this.#running;
		const { timeoutMs } = this.#options;
		const backoff = new Backoff({ firstMs: firstBackoffMs, longestMs: timeoutMs / 6 });
		let connection: ZooConnection | undefined = first;
		while (ctx.error === undefined) {
			if (connection !== undefined) {
				backoff.reset();
				this.#lose(await connection.over);
			}
			await sleep(backoff.next(), ctx).catch(() => {});
			connection = ctx.error === undefined ? await this.#again() : undefined;
		}
	}

	/** Another connection; undefined where there is none yet. */
	async #again(): Promise<ZooConnection | undefined> {
		try {
			const connection = await this.#connectAnywhere();
			for (const follower of this.#followers) follower.connected(connection);
			return connection;
		} catch (error) {
			this.#lose(toServiceError(error));
			return undefined;
		}
	}

	#lose(error: ServiceError): void {
		if (this.#running.ctx.error !== undefined) return;
		this.#connection = undefined;
		this.#why = error;
		for (const follower of this.#followers) follower.lost(error);
	}

	/** Tries each server once. */
	async #connectAnywhere(): Promise<ZooConnection> {
		const { servers } = this.#options;
		for (let tried = 1; ; tried++) {
			try {
				return await this.#connect(servers[this.#server % servers.length] ?? { host: "", port: 0 });
			} catch (error) {
				this.#server++;
				if (tried >= servers.length || this.#running.ctx.error !== undefined) throw error;
			}
		}
	}

	/** Goes on with the session at a server, or begins another one where the server has forgotten it. */
	async #connect(server: ServerAddress): Promise<ZooConnection> {
		const { tls, login, timeoutMs } = this.#options;
		const limitMs = Math.min(longestLimitMs, Math.max(shortestLimitMs, timeoutMs / 3));
		const address = { server, tls, login, limitMs };
		let connection = await ZooConnection.open(address, this.#ticket);
		if (connection.ticket === undefined) {
			connection.end(unavailable("the session of ZooKeeper was lost"));
			this.#ticket = newTicket(timeoutMs);
			connection = await ZooConnection.open(address, this.#ticket);
		}
		if (connection.ticket === undefined) throw unavailable("ZooKeeper grants no session");
		this.#ticket = connection.ticket;
		if (this.#running.ctx.error !== undefined) {
			connection.end(this.#why);
			throw this.#why;
		}
		this.#connection = connection;
		return connection;
	}
}
