import { type Context, isServiceError, type ServiceError } from "@allium/core";
import { refusal, type Share, SharedResource, unavailable } from "@allium/core/adapter";
import { afterSilence } from "@allium/core/transport";
import { type NatsConnection as Client, connect } from "@nats-io/transport-node";
import { Acknowledgements } from "./acknowledgements.ts";
import { Attempts, connectOptions } from "./connect-options.ts";
import { connectFailure, operationFailure } from "./failure.ts";
import { type NatsAddress, placeOf } from "./nats-url.ts";

/** How long an operation may take where nothing else is said, in milliseconds. */
const operationMs = 5_000;
/** How long the last messages may take to leave when the connection is closed, in milliseconds. */
const drainMs = 1_000;
const oldestServer = [2, 9] as const;

/** Hears of the connection. */
export interface ConnectionListener {
	/** The connection is lost. Messages that were under way may be lost, too. */
	lost(): void;
	/** The connection is back, with its subscriptions. Messages of the meantime were not received. */
	back(): void;
}

/** The bounds of an operation. */
export interface OperationOptions {
	/** Default: 5000. */
	readonly withinMs?: number;
	readonly ctx?: Context | undefined;
}

const connections = new SharedResource((key: string) => {
	const address: NatsAddress = JSON.parse(key);
	return NatsConnection.open(address);
});

/**
 * A connection to the servers at an address. All ports of a process that use the same address share it.
 *
 * @param scope the process: `AdapterOptions.scope`.
 */
export function natsConnection(address: NatsAddress, scope: object): Promise<Share<NatsConnection>> {
	return connections.use(JSON.stringify(address), scope);
}

/**
 * A connection to a cluster of NATS servers that comes back after every loss, however long it takes. It is made once,
 * and fails if no server answers then.
 */
export class NatsConnection implements AsyncDisposable {
	/** The servers as a URL, without secrets. */
	readonly place: string;
	/** The client of the library. Operations by `run` are bounded, and their errors say what to do. */
	readonly client: Client;
	readonly #attempts: Attempts;
	readonly #listeners = new Set<ConnectionListener>();
	/** Ends the operations that are under way. */
	readonly #underWay = new Set<(error: ServiceError) => void>();
	/** Begins the operations that wait for the connection. */
	#waiting = new Set<() => void>();
	#isUp = true;
	#lossCount = 0;
	#isClosed = false;
	#probe: Promise<boolean> | undefined;
	#acknowledgements: Acknowledgements | undefined;

	private constructor(place: string, client: Client, attempts: Attempts) {
		this.place = place;
		this.client = client;
		this.#attempts = attempts;
	}

	/**
	 * Connects to one of the servers.
	 *
	 * @throws ServiceError `unavailable` when none answers; `failed_precondition` when it refuses the credentials or
	 * the certificate, or is older than 2.9.
	 */
	static async open(address: NatsAddress): Promise<NatsConnection> {
		const place = placeOf(address);
		const attempts = new Attempts();
		let client: Client;
		try {
			client = await connect(connectOptions(address, attempts));
		} catch (error) {
			throw connectFailure(error, place, address.tls && address.cert === undefined);
		}
		const connection = new NatsConnection(place, client, attempts);
		void connection.#observe();
		try {
			connection.#checkVersion();
			return connection;
		} catch (error) {
			await connection[Symbol.asyncDispose]();
			throw error;
		}
	}

	/** Whether there is a connection now. */
	get isUp(): boolean {
		return this.#isUp;
	}

	/** How often the connection was lost so far. */
	get lossCount(): number {
		return this.#lossCount;
	}

	/** Publishes to streams. To be used within `run`, which bounds the time. */
	get acknowledgements(): Acknowledgements {
		this.#acknowledgements ??= new Acknowledgements(this.client);
		return this.#acknowledgements;
	}

	/** The version of the server that it is connected to, such as `2.10.27`. */
	get serverVersion(): string {
		return this.client.info?.version ?? "";
	}

	/** Whether that server is of this version or a newer one. Older servers ignore fields that they do not know. */
	isAtLeast(major: number, minor: number): boolean {
		const [ours = 0, ourMinor = 0] = this.serverVersion.split(".").map(Number);
		return ours > major || (ours === major && ourMinor >= minor);
	}

	/** Adds a listener. Returns the function that removes it. */
	listen(listener: ConnectionListener): () => void {
		this.#listeners.add(listener);
		return () => void this.#listeners.delete(listener);
	}

	/**
	 * Lets no more than this time pass between two attempts to have a lost connection back, in milliseconds. The
	 * shortest time of all users counts.
	 */
	tryWithin(milliseconds: number): void {
		this.#attempts.within(milliseconds);
	}

	/**
	 * Runs an operation once there is a connection. It fails with `unavailable` when the connection is lost meanwhile or
	 * the time is over, and with the error of its context when that ends. The server may have carried it out all the same.
	 */
	run<T>(operation: (client: Client) => Promise<T>, options: OperationOptions = {}): Promise<T> {
		const { withinMs = operationMs, ctx } = options;
		return new Promise<T>((resolve, reject) => {
			let unlisten: (() => void) | undefined;
			let isOver = false;
			const end = (): void => {
				isOver = true;
				timer.stop();
				unlisten?.();
				this.#underWay.delete(fail);
				this.#waiting.delete(start);
			};
			const fail = (error: unknown): void => {
				if (isOver) return;
				end();
				reject(isServiceError(error) ? error : operationFailure(error, this.place));
			};
			const start = (): void => {
				this.#underWay.add(fail);
				const result = this.#isClosed ? Promise.reject(closed()) : operation(this.client);
				result.then((value) => {
					if (isOver) return;
					end();
					resolve(value);
				}, fail);
			};
			const timer = afterSilence(withinMs, () => {
				const wasUp = this.#isUp;
				fail(wasUp ? this.#silent(withinMs) : this.#away());
				if (wasUp) void this.answers();
			});
			unlisten = ctx?.["~cancellation"].listen(fail);
			if (isOver) return void unlisten?.();
			if (this.#isUp || this.#isClosed) start();
			else this.#waiting.add(start);
		});
	}

	/**
	 * Whether the server answers a ping now. Everything that it sent before has arrived then. If no answer comes in time,
	 * the connection is given up and made again, because a hung peer is as good as none.
	 */
	answers(withinMs: number = drainMs): Promise<boolean> {
		if (!this.#isUp || this.#isClosed) return Promise.resolve(false);
		this.#probe ??= this.#ping(withinMs).finally(() => {
			this.#probe = undefined;
		});
		return this.#probe;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#isClosed) return;
		this.#isClosed = true;
		for (const fail of [...this.#underWay]) fail(closed());
		for (const start of [...this.#waiting]) start();
		// Draining without a connection would wait for one.
		if (this.#isUp) await within(drainMs, this.client.drain());
		await this.client.close();
	}

	async #ping(withinMs: number): Promise<boolean> {
		const answered = await within(withinMs, this.client.flush());
		if (!answered && this.#isUp && !this.#isClosed) await this.client.reconnect().catch(() => {});
		return answered;
	}

	async #observe(): Promise<void> {
		for await (const { type } of this.client.status()) {
			if (type === "disconnect" || type === "staleConnection" || type === "forceReconnect") this.#lost();
			else if (type === "reconnect") this.#back();
		}
		this.#lost();
	}

	#lost(): void {
		if (!this.#isUp) return;
		this.#isUp = false;
		this.#lossCount++;
		for (const fail of [...this.#underWay]) fail(this.#away());
		for (const listener of [...this.#listeners]) listener.lost();
	}

	#back(): void {
		if (this.#isUp || this.#isClosed) return;
		this.#isUp = true;
		this.#attempts.succeeded();
		const waiting = this.#waiting;
		this.#waiting = new Set();
		for (const start of waiting) start();
		for (const listener of [...this.#listeners]) listener.back();
	}

	#checkVersion(): void {
		if (this.isAtLeast(...oldestServer)) return;
		throw refusal(
			`the NATS server at ${this.place} is of version ${this.serverVersion}; Allium needs ${oldestServer.join(".")} or newer`,
		);
	}

	#away(): ServiceError {
		return unavailable(`there is no connection to the NATS server at ${this.place}; it is being made again`);
	}

	#silent(withinMs: number): ServiceError {
		return unavailable(`the NATS server at ${this.place} did not answer within ${withinMs} ms`);
	}
}

function closed(): ServiceError {
	return refusal("the connection to NATS is closed");
}

/** Whether a promise fulfils in time. */
function within(milliseconds: number, promise: Promise<unknown>): Promise<boolean> {
	return new Promise((resolve) => {
		const timer = afterSilence(milliseconds, () => resolve(false));
		const settled = (fulfilled: boolean): void => {
			timer.stop();
			resolve(fulfilled);
		};
		promise.then(
			() => settled(true),
			() => settled(false),
		);
	});
}
