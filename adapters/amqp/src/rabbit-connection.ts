import { readFile } from "node:fs/promises";
import type { ConnectionOptions } from "node:tls";
import { type Context, type Logger, silentLogger } from "@allium/core";
import { refusal } from "@allium/core/adapter";
import { after, whileLasts } from "@allium/core/transport";
import { type Channel, Connection } from "rabbitmq-client";
import { type AmqpAddress, placeOf } from "./amqp-url.ts";
import { logConnection } from "./connection-log.ts";
import { codeOf, connectFailure, failure } from "./failure.ts";

/** How long a use waits for a connection that is lost, in milliseconds. */
const patienceMs = 5_000;

/** How long closing waits for the server, in milliseconds. */
const closingMs = 2_000;

/** A connection to RabbitMQ that comes back by itself. */
export class RabbitConnection {
	/** The server as a URL for people to read: without secrets. */
	readonly place: string;
	readonly #connection: Connection;
	readonly #log: { stop(): void };
	#closing: Promise<void> | undefined;

	private constructor(place: string, connection: Connection, log: { stop(): void }) {
		this.place = place;
		this.#connection = connection;
		this.#log = log;
	}

	/**
	 * Connects. Rejects when the first try fails.
	 *
	 * @param ttlMs after how long a silence the server and this process give each other up.
	 * @param logger is told when the connection is lost, and when it is there again.
	 */
	static async open(
		address: AmqpAddress,
		name: string,
		ttlMs: number,
		logger: Logger = silentLogger,
	): Promise<RabbitConnection> {
		const place = placeOf(address);
		const tls = address.tls ? { tls: await tlsOptions(address) } : {};
		const connection = new Connection({
			hosts: [...address.hosts],
			username: address.user,
			password: address.password,
			vhost: address.vhost,
			connectionName: name,
			// The library gives up after two of these, and so does the server.
			heartbeat: Math.max(1, Math.floor(ttlMs / 2_000)),
			acquireTimeout: patienceMs,
			connectionTimeout: patienceMs,
			retryLow: 100,
			retryHigh: 2_000,
			frameMax: 131_072,
			...tls,
		});
		try {
			await connected(connection);
		} catch (error) {
			connection.on("error", ignore);
			connection.unsafeDestroy();
			throw connectFailure(error, place);
		}
		// The operation that fails reports the error. Without this listener, the process would end.
		connection.on("error", ignore);
		const log = logConnection(connection, { logger, server: place, name });
		return new RabbitConnection(place, connection, log);
	}

	/** Whether the server takes messages: it is there, and does not lack memory or room on its disk. */
	get takesMessages(): boolean {
		return this.#connection.ready;
	}

	/** Opens a channel. Its owner closes it. Rejects with `unavailable` while there is no connection for too long. */
	async channel(): Promise<Channel> {
		this.check();
		try {
			return await this.#connection.acquire();
		} catch (error) {
			throw failure(error, this.place);
		}
	}

	/** Runs some requests on a channel of their own, which a request that is refused closes. */
	async run<T>(ctx: Context, requests: (channel: Channel) => Promise<T>): Promise<T> {
		return whileLasts(this.#run(requests), ctx);
	}

	/** @throws ServiceError `failed_precondition` once it is closed. */
	check(): void {
		if (this.#closing !== undefined) throw refusal("the connection to RabbitMQ is closed");
	}

	/** Ends the connection and all requests on it. */
	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	async #run<T>(requests: (channel: Channel) => Promise<T>): Promise<T> {
		const channel = await this.channel();
		try {
			return await requests(channel);
		} catch (error) {
			throw failure(error, this.place);
		} finally {
			await channel.close();
		}
	}

	/** A server that keeps silent does not say goodbye. */
	async #close(): Promise<void> {
		this.#log.stop();
		const { promise: late, resolve } = Promise.withResolvers<void>();
		const timer = after(closingMs, resolve);
		await Promise.race([this.#connection.close(), late]).catch(ignore);
		timer.stop();
		this.#connection.unsafeDestroy();
	}
}

/** Resolves with the first connection. The library goes on trying by itself. */
async function connected(connection: Connection): Promise<void> {
	let mayTryAgain = true;
	const tried = Promise.withResolvers<void>();
	const failed = (error: unknown): void => {
		if (!mayTryAgain || !isEarlyHeartbeat(error)) tried.reject(error);
		mayTryAgain = false;
	};
	connection.once("connection", tried.resolve).on("error", failed);
	await tried.promise.finally(() => connection.off("error", failed));
}

/** A server that is slow at first may send a heartbeat while it still negotiates, which the library does not expect. */
function isEarlyHeartbeat(error: unknown): boolean {
	return codeOf(error) === "COMMAND_INVALID" && String(error).includes("during negotiation");
}

/** The certificates of a connection that is encrypted. */
export async function tlsOptions({ ca, cert, key, serverName }: AmqpAddress): Promise<ConnectionOptions> {
	const read = async (name: string, path: string | undefined): Promise<Record<string, string>> =>
		path === undefined ? {} : { [name]: await readPem(name, path) };
	const parts = await Promise.all([read("ca", ca), read("cert", cert), read("key", key)]);
	return Object.assign({}, ...parts, serverName === undefined ? {} : { servername: serverName });
}

async function readPem(name: string, path: string): Promise<string> {
	try {
		return await readFile(path, "utf8");
	} catch (error) {
		throw refusal(`the file that ${name} names cannot be read: ${path}`, error);
	}
}

function ignore(): void {}
