import type { Duplex } from "node:stream";
import postgres from "postgres";
import type { PostgresAddress } from "./postgres-url.ts";
import { serverSocket } from "./server-socket.ts";

/** How long a server may take for a statement, in milliseconds, before it gives the statement up itself. */
export const statementMs = 10_000;
/** How long a statement may take, in milliseconds. The server gives it up before, unless the server is silent. */
export const answerMs: number = statementMs + 5_000;
/** How long a server may take to let a user in, in seconds. */
const loginSeconds = 5;
/** How long the library waits before a connection is made again, in seconds. Each use is bounded by its caller. */
const pauseSeconds = 0.05;
/** How long a connection is kept that nobody needs, in seconds. */
const idleSeconds = 5;
/** The most statements that one connection has under way, in addition to the one that runs. */
const statementsAhead = 8;

/**
 * Every statement reads few rows by an index. With its default settings, PostgreSQL would plan some statements for
 * tables that were empty when it first saw them, would sort rows that are in order already, or would plan for longer
 * than it runs them.
 */
const planning = {
	plan_cache_mode: "force_generic_plan",
	enable_seqscan: "off",
	enable_bitmapscan: "off",
	max_parallel_workers_per_gather: "0",
	jit: "off",
};

/** Options of {@link ConnectionPool}. */
export interface PoolOptions {
	/** The most connections. */
	readonly connections: number;
	/** Which of the servers of the address is used. */
	readonly host: number;
	readonly notified?: (payload: string) => void;
	/** Whether a connection is kept until the pool ends. Default: where it listens. */
	readonly stays?: boolean;
	/**
	 * Whether connections have the settings that the server gives to a service, instead of the settings for Allium's
	 * statements.
	 */
	readonly asService?: boolean;
	/** A connection ended. */
	readonly lost?: () => void;
}

/** Connections to one server, made when they are needed. Ending it lets go of all of them at once, also of silent ones. */
export class ConnectionPool {
	/** The index of its server in the address. */
	readonly host: number;
	readonly #sql: postgres.Sql;
	readonly #sockets = new Set<Duplex>();
	#ended = false;

	constructor(address: PostgresAddress, options: PoolOptions) {
		const { connections, host, notified, lost, stays = notified !== undefined, asService = false } = options;
		this.host = host;
		const server = address.hosts[host % address.hosts.length] ?? { host: "127.0.0.1", port: 5432 };
		this.#sql = postgres({
			host: server.host,
			port: server.port,
			database: address.database,
			user: address.user,
			password: address.password ?? "",
			max: connections,
			ssl: false,
			fetch_types: false,
			idle_timeout: idleSeconds,
			connect_timeout: loginSeconds,
			backoff: () => pauseSeconds,
			...(stays && { max_lifetime: null, idle_timeout: 0 }),
			onnotice: () => {},
			onclose: () => lost?.(),
			// The library takes these, too, and does not declare them.
			...{
				max_pipeline: statementsAhead,
				socket: () => this.#socket(server, address),
				onnotify: (_channel: string, payload: string) => notified?.(payload),
			},
			connection: {
				application_name: "allium",
				statement_timeout: statementMs,
				default_transaction_isolation: "read committed",
				...(asService ? {} : { search_path: address.schema, ...planning }),
			},
		});
	}

	/** Runs one statement. It is prepared once in each connection. */
	async run<Row extends object>(text: string, values: readonly Value[]): Promise<Rows<Row>> {
		return this.#sql.unsafe<Row[]>(text, [...values], { prepare: true });
	}

	/** Runs several statements without values, as one message. It is one transaction, unless one is begun already. */
	async runAll(text: string): Promise<void> {
		await this.#sql.unsafe(text).simple();
	}

	/** Drops all connections. Statements under way fail. */
	end(): void {
		if (this.#ended) return;
		this.#ended = true;
		this.#sql.end({ timeout: 0 }).catch(() => {});
		// The library ends its connections in a later turn, and would wait for silent ones.
		setImmediate(() => {
			for (const socket of this.#sockets) socket.destroy();
		});
	}

	async #socket(
		server: { readonly host: string; readonly port: number },
		address: PostgresAddress,
	): Promise<Duplex> {
		const socket = await serverSocket(server, address);
		this.#sockets.add(socket);
		socket.once("close", () => this.#sockets.delete(socket));
		if (this.#ended) socket.destroy();
		return socket;
	}
}

/** The rows of a statement, with their columns: null if it gives none. */
export type Rows<Row> = readonly Row[] & { readonly columns: readonly Column[] | null };

/** A column of rows. */
interface Column {
	readonly name: string;
	/** The number of its type on the server. */
	readonly type: number;
}

/** A parameter of a statement. */
export type Value = string | number | boolean | null | Uint8Array;
