import type { ConnectionOptions } from "node:tls";
import { placeOf, type ServerAddress, unanswered } from "@allium/backend";
import type { Context, ServiceError } from "@allium/core";
import { unavailable } from "@allium/core/adapter";
import { afterSilence, whileLasts } from "@allium/core/transport";
import { Redis } from "ioredis";
import { failure, isScriptMissing } from "./failure.ts";
import type { Script } from "./script.ts";

/** How a connection to Redis is made. */
export interface RedisAddress {
	readonly server: ServerAddress;
	/** Undefined for a connection without TLS. */
	readonly tls: ConnectionOptions | undefined;
	/** Empty for the user that Redis takes by default. */
	readonly user: string;
	/** Empty for a server that asks for none. */
	readonly password: string;
	readonly database: number;
	/** How long an answer may take, in milliseconds. */
	readonly limitMs: number;
}

/**
 * One connection to Redis. When it breaks, or an answer is late, it is over: its requests fail, and none of them is
 * sent again. The next use makes another one. A client that keeps commands until it is connected again would renew
 * leases long after that has lost its meaning.
 */
export class RedisConnection implements Disposable {
	readonly #client: Redis;
	readonly #place: string;
	readonly #limitMs: number;
	/** Rejects when the connection is over. */
	readonly #over = Promise.withResolvers<never>();
	#failure: ServiceError | undefined;
	readonly #isSecure: boolean;
	#isLoggedIn = false;

	private constructor({ server, tls, limitMs }: RedisAddress) {
		this.#place = placeOf(server);
		this.#limitMs = limitMs;
		this.#isSecure = tls !== undefined;
		this.#client = new Redis({
			host: server.host,
			port: server.port,
			...(tls !== undefined && { tls }),
			protocol: 2,
			lazyConnect: true,
			// The timer of this class ends it, which knows what to say.
			connectTimeout: 0,
			disableClientInfo: true,
			enableReadyCheck: false,
			enableOfflineQueue: false,
			autoResendUnfulfilledCommands: false,
			maxRetriesPerRequest: null,
			retryStrategy: () => null,
		});
		this.#over.promise.catch(() => {});
		this.#client.on("error", (error) => {
			if (!isHangUp(error)) this.#end(failure(error, this.#place));
		});
		this.#client.on("end", () => {
			const isOther = !this.#isLoggedIn && !this.#isSecure;
			const hint = isOther ? "; if it takes TLS only, write redis+tls:// in its URL" : "";
			this.#end(unavailable(`Redis at ${this.#place} has closed the connection${hint}`));
		});
	}

	/** Connects and logs in. */
	static async open(address: RedisAddress): Promise<RedisConnection> {
		const connection = new RedisConnection(address);
		try {
			await connection.#answered(connection.#client.connect(), address.limitMs);
			await connection.#logIn(address);
			return connection;
		} catch (error) {
			connection.close();
			throw error;
		}
	}

	/** Whether it can be used no more. */
	get isOver(): boolean {
		return this.#failure !== undefined;
	}

	/**
	 * Sends a command.
	 *
	 * @param waitsMs how long Redis waits before it answers, in milliseconds. Default: 0.
	 * @throws ServiceError that says what to do, or the error of the context.
	 */
	send(command: string, args: readonly (string | number)[], ctx?: Context, waitsMs = 0): Promise<unknown> {
		const sent = this.#answered(this.#client.call(command, ...args), this.#limitMs + waitsMs);
		return ctx === undefined ? sent : whileLasts(sent, ctx);
	}

	/** Runs a script. */
	async run(
		{ sha, text }: Script,
		keys: readonly string[],
		args: readonly (string | number)[],
		ctx?: Context,
	): Promise<unknown> {
		const rest = [keys.length, ...keys, ...args];
		try {
			return await this.send("EVALSHA", [sha, ...rest], ctx);
		} catch (error) {
			if (!(error instanceof Error) || !isScriptMissing(error.cause)) throw error;
			return this.send("EVAL", [text, ...rest], ctx);
		}
	}

	close(): void {
		this.#end(unavailable(`the connection to Redis at ${this.#place} was closed`));
	}

	[Symbol.dispose](): void {
		this.close();
	}

	async #logIn({ user, password, database }: RedisAddress): Promise<void> {
		if (password !== "") await this.send("AUTH", user === "" ? [password] : [user, password]);
		await this.send("PING", []);
		if (database !== 0) await this.send("SELECT", [database]);
		this.#isLoggedIn = true;
	}

	/** The answer, or the failure of the connection. An answer that is late ends the connection. */
	async #answered<Answer>(answer: Promise<Answer>, limitMs: number): Promise<Answer> {
		const timer = afterSilence(limitMs, () => {
			const late = unanswered("Redis", this.#place, limitMs);
			// Redis takes the greeting of TLS for a command that is not complete.
			const isOther = !this.#isLoggedIn && this.#isSecure;
			this.#end(isOther ? unavailable(`${late.message}; if it does not speak TLS, leave out "+tls"`) : late);
		});
		try {
			return await Promise.race([this.#over.promise, answer]);
		} catch (error) {
			throw this.#failure ?? failure(error, this.#place);
		} finally {
			timer.stop();
		}
	}

	#end(error: ServiceError): void {
		if (this.#failure !== undefined) return;
		this.#failure = error;
		this.#over.reject(error);
		this.#client.disconnect();
	}
}

/** Whether the other side has ended the connection. The end of it is told, too. */
function isHangUp(error: unknown): boolean {
	return error instanceof Error && "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
}
