import {
	type BackendAnswer,
	type BackendTls,
	clockIn,
	excerpt,
	type Fields,
	fields,
	HttpBackend,
	strangerAt,
	tlsConnection,
} from "@allium/backend";
import { type Context, isServiceError, type Logger, ServiceError } from "@allium/core";
import { refusal } from "@allium/core/adapter";
import type { RegistryClock } from "@allium/core/registry";

/** How long a request may take, and the head of a stream, in milliseconds. */
const timeoutMs = 5_000;
/** The least of it where registrations last for a short time. */
const leastTimeoutMs = 1_000;
/** The largest accepted answer, in bytes, and the largest event of a stream. */
const maxBytes = 64 * 1024 * 1024;

/** The codes of gRPC that etcd answers with. */
const failedPrecondition = 9;
const permissionDenied = 7;
const invalidArgument = 3;
const unauthenticated = 16;
/** Deadline exceeded, resource exhausted, internal, unavailable. */
const transient: readonly number[] = [4, 8, 13, 14];

/** How the members of an etcd cluster are reached. */
export interface EtcdServerOptions {
	/** `http://127.0.0.1:2379`, in the order in which they are tried. */
	readonly origins: readonly string[];
	readonly tls: BackendTls;
	/** Undefined where etcd asks for none. */
	readonly login: { readonly user: string; readonly password: string } | undefined;
	/** The time to live of registrations, in milliseconds: a request for one must not take all of it. */
	readonly ttlMs: number;
	readonly logger: Logger;
}

/** An error that etcd itself gave. */
class EtcdFault extends Error {
	readonly code: number;

	constructor(code: number, message: string) {
		super(message);
		this.code = code;
	}

	/** Whether another try may help. */
	get isTransient(): boolean {
		return transient.includes(this.code);
	}
}

/**
 * The JSON interface of an etcd cluster. A request that a member does not answer goes to the next one; the member that
 * answered last is asked first. The token of a login is renewed when it is refused.
 */
export class EtcdServer {
	readonly #options: EtcdServerOptions;
	readonly #http: HttpBackend;
	/** The member that answered last. */
	#member = 0;
	/** The token of the login; undefined when there is none yet. */
	#token: Promise<string | undefined> | undefined;

	constructor(options: EtcdServerOptions) {
		this.#options = options;
		this.#http = new HttpBackend("etcd", tlsConnection(options.tls));
	}

	/**
	 * Checks that etcd answers and has a leader.
	 *
	 * @throws ServiceError that names the fault in one sentence.
	 */
	async check(limitMs: number = timeoutMs, ctx?: Context): Promise<void> {
		const { version, leader } = await this.#anyMember((origin) =>
			this.#post(origin, "/v3/maintenance/status", {}, { limitMs, ctx }),
		).catch((error: unknown) => {
			throw error instanceof EtcdFault ? this.#explained(error) : error;
		});
		if (typeof version !== "string") throw this.#stranger("its status has no version");
		if (typeof leader !== "string" || leader === "0") {
			throw new ServiceError({ code: "unavailable", message: `etcd at ${this.#host} has no leader` });
		}
	}

	/** The time of a member. */
	async clock(ctx: Context): Promise<RegistryClock | undefined> {
		const url = `${this.#origin}/v3/maintenance/status`;
		const bounds = { timeoutMs: this.#limitMs, maxBytes };
		return clockIn(await this.#http.ask({ method: "POST", url, headers: {}, body: "{}", ...bounds }, ctx));
	}

	/**
	 * Sends a request, with the token of the login.
	 *
	 * @throws ServiceError `not_found` where etcd does not know the lease.
	 */
	async call(path: string, body: unknown, ctx?: Context): Promise<Fields> {
		return this.#authorized(ctx, (headers) =>
			this.#anyMember((origin) => this.#post(origin, path, body, { headers, ctx })),
		);
	}

	/** Opens a stream, and reads its results until the context ends. */
	async *stream(path: string, body: unknown, ctx: Context): AsyncGenerator<Fields> {
		const headers = await this.#authorized(ctx, async (found) => found);
		const url = this.#origin + path;
		const text = JSON.stringify(body);
		const request = { method: "POST", url, headers, body: text, timeoutMs, maxBytes } as const;
		for await (const { status, line } of this.#http.lines(request, ctx)) {
			const message = this.#parsed({ status, headers: {}, text: line });
			if (message.result === undefined) throw this.#explained(faultOf(message));
			yield fields(message.result);
		}
	}

	/** Makes the next request fetch a new token. */
	forgetToken(): void {
		this.#token = undefined;
	}

	close(): void {
		this.#http.close();
	}

	get #limitMs(): number {
		return Math.min(timeoutMs, Math.max(leastTimeoutMs, this.#options.ttlMs / 3));
	}

	get #origin(): string {
		return this.#options.origins[this.#member] ?? "";
	}

	get #host(): string {
		return new URL(this.#origin).host;
	}

	/** Runs a request at the members in turn until one answers. */
	async #anyMember(run: (origin: string) => Promise<Fields>): Promise<Fields> {
		for (let tried = 1; ; tried++) {
			const origin = this.#origin;
			try {
				return await run(origin);
			} catch (thrown) {
				const isAway = thrown instanceof EtcdFault ? thrown.isTransient : isUnavailable(thrown);
				if (!isAway) throw thrown;
				// Others may have left this member already.
				if (origin === this.#origin) this.#member = (this.#member + 1) % this.#options.origins.length;
				if (tried >= this.#options.origins.length) throw thrown;
			}
		}
	}

	/** Runs a request with the token, and once more with another token when that is refused. */
	async #authorized<Result>(
		ctx: Context | undefined,
		run: (headers: Readonly<Record<string, string>>) => Promise<Result>,
	): Promise<Result> {
		for (let tried = 1; ; tried++) {
			const token = await this.#login(ctx);
			try {
				return await run(token === undefined ? {} : { authorization: token });
			} catch (error) {
				if (!(error instanceof EtcdFault)) throw error;
				if (!isExpired(error) || token === undefined || tried > 1) throw this.#explained(error);
				this.forgetToken();
			}
		}
	}

	#login(ctx: Context | undefined): Promise<string | undefined> {
		const { login } = this.#options;
		if (login === undefined) return Promise.resolve(undefined);
		const known = this.#token ?? this.#newToken(login, ctx);
		this.#token = known;
		known.catch(() => {
			if (this.#token === known) this.forgetToken();
		});
		return known;
	}

	async #newToken(
		{ user, password }: { readonly user: string; readonly password: string },
		ctx: Context | undefined,
	): Promise<string | undefined> {
		try {
			const answer = await this.#anyMember((origin) =>
				this.#post(origin, "/v3/auth/authenticate", { name: user, password }, { ctx }),
			);
			if (typeof answer.token !== "string") throw this.#stranger("it gives no token for a password");
			return answer.token;
		} catch (error) {
			if (!(error instanceof EtcdFault)) throw error;
			if (error.isTransient) throw this.#explained(error);
			if (error.code === failedPrecondition || /not enabled/.test(error.message)) {
				const message =
					"etcd asks nobody for a password, so that of the URL is of no use: enable authentication";
				this.#options.logger.log("warn", message, { user });
				return undefined;
			}
			throw refusal(`etcd at ${this.#host} refuses the password of "${user}" (${excerpt(error.message)})`);
		}
	}

	async #post(origin: string, path: string, body: unknown, options: PostOptions): Promise<Fields> {
		const { headers = {}, limitMs = this.#limitMs, ctx } = options;
		const request = {
			method: "POST",
			url: origin + path,
			headers,
			body: JSON.stringify(body),
			timeoutMs: limitMs,
			maxBytes,
		} as const;
		const answer = await this.#http.ask(request, ctx);
		const message = this.#parsed(answer);
		if (answer.status !== 200) throw faultOf(message);
		return message;
	}

	/** The JSON of an answer, successful or not. */
	#parsed({ status, text }: BackendAnswer): Fields {
		if (status === 400 && text.includes("HTTPS server")) {
			throw refusal(`etcd at ${this.#host} takes TLS only: write etcd+tls:// in its URL`);
		}
		try {
			const message: unknown = JSON.parse(text);
			if (typeof message === "object" && message !== null && !Array.isArray(message)) return fields(message);
		} catch {
			// An answer that is not JSON does not come from etcd.
		}
		throw this.#stranger(`it answered ${status} ${excerpt(text)}`.trimEnd());
	}

	#explained(fault: EtcdFault): ServiceError {
		const { code, message } = fault;
		const said = excerpt(message);
		if (/lease not found/.test(message)) return new ServiceError({ code: "not_found", message: said });
		const needsLogin = code === invalidArgument && /user name is empty/.test(message);
		if (code === permissionDenied || code === unauthenticated || needsLogin) {
			const who = this.#options.login === undefined ? "requests without a user" : "the user";
			return refusal(
				`etcd at ${this.#host} refuses ${who} (${said}): name one with etcd://USER:PASSWORD@… whose role may read and write the keys under /allium/`,
			);
		}
		if (code === 0) return this.#stranger(`it says ${said}`);
		if (!fault.isTransient) return refusal(`etcd at ${this.#host} refuses a request: ${said}`);
		return new ServiceError({ code: "unavailable", message: `etcd at ${this.#host} fails: ${said}` });
	}

	#stranger(why: string): ServiceError {
		return strangerAt("etcd 3.4 or later", this.#host, why);
	}
}

interface PostOptions {
	readonly headers?: Readonly<Record<string, string>>;
	readonly limitMs?: number;
	readonly ctx?: Context | undefined;
}

/** The error in an answer: `{ error, code }`, and in a stream `{ error: { grpc_code, message } }`. */
function faultOf(message: Fields): EtcdFault {
	const inner = fields(message.error);
	const code = Number(message.code ?? inner.grpc_code ?? inner.code ?? 0);
	const text = [message.message, message.error, inner.message].find((one) => typeof one === "string");
	return new EtcdFault(code, typeof text === "string" ? text : JSON.stringify(message));
}

function isUnavailable(error: unknown): boolean {
	return isServiceError(error) && error.code === "unavailable";
}

function isExpired({ code, message }: EtcdFault): boolean {
	return code === unauthenticated || /invalid auth token/.test(message);
}
