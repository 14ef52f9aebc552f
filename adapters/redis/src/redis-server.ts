import { backendClosed } from "@allium/backend";
import type { Context } from "@allium/core";
import { whileLasts } from "@allium/core/transport";
import { type RedisAddress, RedisConnection } from "./redis-connection.ts";
import type { Script } from "./script.ts";

/** The connections of one registry to its Redis. Each is made when it is needed. */
export class RedisServer {
	readonly #address: RedisAddress;
	readonly #open = new Set<RedisConnection>();
	/** The connection for requests that are answered at once. */
	#shared: Promise<RedisConnection> | undefined;
	#isClosed = false;

	constructor(address: RedisAddress) {
		this.#address = address;
	}

	/** Makes a connection for commands that wait. Its owner closes it. */
	async connect(): Promise<RedisConnection> {
		if (this.#isClosed) throw backendClosed();
		for (const one of this.#open) if (one.isOver) this.#open.delete(one);
		const connection = await RedisConnection.open(this.#address);
		if (this.#isClosed) {
			connection.close();
			throw backendClosed();
		}
		this.#open.add(connection);
		return connection;
	}

	/** Sends a command on the shared connection. */
	async send(command: string, args: readonly (string | number)[], ctx?: Context): Promise<unknown> {
		return (await this.connection(ctx)).send(command, args, ctx);
	}

	/** Runs a script on the shared connection. */
	async run(
		script: Script,
		keys: readonly string[],
		args: readonly (string | number)[],
		ctx?: Context,
	): Promise<unknown> {
		return (await this.connection(ctx)).run(script, keys, args, ctx);
	}

	/** The shared connection. It is made again when it is over. */
	async connection(ctx?: Context): Promise<RedisConnection> {
		if (ctx?.error !== undefined) throw ctx.error;
		const shared = this.#shared ?? this.#share();
		const connection = await (ctx === undefined ? shared : whileLasts(shared, ctx));
		if (!connection.isOver) return connection;
		if (this.#shared === shared) this.#shared = undefined;
		return this.connection(ctx);
	}

	close(): void {
		this.#isClosed = true;
		for (const connection of this.#open) connection.close();
		this.#open.clear();
	}

	#share(): Promise<RedisConnection> {
		const shared = this.connect();
		this.#shared = shared;
		shared.catch(() => {
			if (this.#shared === shared) this.#shared = undefined;
		});
		return shared;
	}
}
