import {
	type BackendAnswer,
	type BackendTls,
	clockIn,
	excerpt,
	HttpBackend,
	hostOf,
	strangerAt,
	tlsConnection,
} from "@allium/backend";
import { type Context, ServiceError } from "@allium/core";
import { refusal } from "@allium/core/adapter";
import type { RegistryClock } from "@allium/core/registry";

/** How long a request may take that Consul answers at once, in milliseconds. */
const timeoutMs = 5_000;
/** The least of it where registrations last for a short time. */
const leastTimeoutMs = 1_000;
/** How long the answer with a part of the catalog may take once it has begun, in milliseconds: it may be large. */
const catalogTimeoutMs = 20_000;
/**
 * How long Consul may hold a query back that has no news, in milliseconds. Consul adds a sixteenth of it at random.
 */
const waitMs = 60_000;
/** The largest accepted answer, in bytes: some 30,000 instances. */
const maxBytes = 64 * 1024 * 1024;

/** How an agent of Consul is reached. */
export interface ConsulServerOptions {
	/** `http://127.0.0.1:8500` */
	readonly origin: string;
	readonly tls: BackendTls;
	/** The ACL token; undefined for the anonymous one. */
	readonly token: string | undefined;
	/** The datacenter that is read; undefined for that of the agent. */
	readonly datacenter: string | undefined;
	/** The time to live of registrations, in milliseconds: a request for one must not take all of it. */
	readonly ttlMs: number;
}

/** The state of a part of the catalog. */
export interface CatalogAnswer {
	/** Changes with the part, and maybe more often. Above 0. */
	readonly index: number;
	/** The JSON, which is parsed here. */
	body(): unknown;
	/** The size of the JSON, in UTF-16 code units. */
	readonly length: number;
}

/** The HTTP interface of one agent of Consul. */
export class ConsulServer {
	readonly #options: ConsulServerOptions;
	readonly #http: HttpBackend;

	constructor(options: ConsulServerOptions) {
		this.#options = options;
		this.#http = new HttpBackend("Consul", tlsConnection(options.tls));
	}

	/**
	 * Checks that Consul answers and has a leader.
	 *
	 * @throws ServiceError that names the fault in one sentence.
	 */
	async check(limitMs: number = timeoutMs, ctx?: Context): Promise<void> {
		const answer = await this.#ask("GET", "/v1/status/leader", { limitMs, ctx });
		const leader = this.#json(answer);
		if (typeof leader !== "string") throw this.#stranger(answer);
		if (leader === "") throw unavailable(`Consul at ${this.#host} has no leader`);
	}

	/** The time of the agent. */
	async clock(ctx: Context): Promise<RegistryClock | undefined> {
		return clockIn(this.#checked(await this.#ask("GET", "/v1/status/leader", { ctx })));
	}

	/** The agent's own interface, which does not know of datacenters. */
	async put(path: string, body?: unknown, ctx?: Context): Promise<void> {
		this.#checked(await this.#ask("PUT", path, { body, ctx }));
	}

	/** Like `put`. Returns false if the agent does not know the thing that the path names. */
	async tryPut(path: string, ctx?: Context): Promise<boolean> {
		const answer = await this.#ask("PUT", path, { ctx });
		if (isUnknown(answer)) return false;
		this.#checked(answer);
		return true;
	}

	/** Gets JSON of the agent's own interface. Undefined if the agent does not know the thing that the path names. */
	async get(path: string, ctx?: Context): Promise<unknown> {
		const answer = await this.#ask("GET", path, { ctx });
		if (isUnknown(answer)) return undefined;
		// The agent gives the health of a service as a status, too.
		return this.#json([429, 503].includes(answer.status) ? { ...answer, status: 200 } : answer);
	}

	/** A transaction that reads. Answers with the results, or with the errors where something is missing. */
	async read(operations: readonly unknown[], ctx?: Context): Promise<unknown> {
		const answer = await this.#ask("PUT", "/v1/txn", { body: operations, ctx });
		return this.#json(answer.status === 409 ? { ...answer, status: 200 } : answer);
	}

	/**
	 * Reads a part of the catalog.
	 *
	 * @param index waits until the part differs from the one with this index, or for a minute. Default: does not wait.
	 * @param answerMs how long the answer may take until it begins, in addition to that wait, in milliseconds. Default:
	 * 5000.
	 */
	async query(
		path: string,
		index: number,
		ctx?: Context,
		answerMs: number = timeoutMs,
	): Promise<CatalogAnswer> {
		const { datacenter } = this.#options;
		const query = new URLSearchParams({
			...(index > 0 && { index: String(index), wait: `${waitMs}ms` }),
			...(datacenter !== undefined && { dc: datacenter }),
		});
		const waits = index > 0;
		const limitMs = answerMs + (waits ? (waitMs * 17) / 16 : 0);
		const bodyLimitMs = catalogTimeoutMs;
		const answer = this.#checked(
			await this.#ask("GET", `${path}?${query}`, { limitMs, bodyLimitMs, waits, ctx }),
		);
		const found = Number(answer.headers["x-consul-index"]);
		if (!(found >= 0)) throw this.#stranger(answer);
		return { index: found, length: answer.text.length, body: () => this.#json(answer) };
	}

	close(): void {
		this.#http.close();
	}

	get #limitMs(): number {
		return Math.min(timeoutMs, Math.max(leastTimeoutMs, this.#options.ttlMs / 3));
	}

	get #host(): string {
		return new URL(this.#options.origin).host;
	}

	#ask(
		method: "GET" | "PUT",
		path: string,
		{ body, limitMs = this.#limitMs, bodyLimitMs = limitMs, waits = false, ctx }: AskOptions,
	): Promise<BackendAnswer> {
		const { origin, token } = this.#options;
		const request = {
			method,
			url: origin + path,
			headers: token === undefined ? {} : { "x-consul-token": token },
			...(body !== undefined && { body: JSON.stringify(body) }),
			timeoutMs: limitMs,
			bodyTimeoutMs: bodyLimitMs,
			maxBytes,
			waits,
		};
		return this.#http.ask(request, ctx);
	}

	#json(answer: BackendAnswer): unknown {
		const { text } = this.#checked(answer);
		try {
			return JSON.parse(text);
		} catch {
			throw this.#stranger(answer);
		}
	}

	/** The same answer, or an error unless it is one of success. */
	#checked(answer: BackendAnswer): BackendAnswer {
		const { status, text } = answer;
		if (status === 200) return answer;
		const said = excerpt(text);
		if (status === 403) {
			const token = this.#options.token === undefined ? "requests without a token" : "the token";
			throw refusal(
				`Consul at ${this.#host} refuses ${token} (${said}): name one with consul://:TOKEN@… whose policy has service:read and service:write`,
			);
		}
		if (status === 400 && text.includes("HTTPS server")) {
			throw refusal(`Consul at ${this.#host} takes TLS only: write consul+tls:// in its URL`);
		}
		if (status === 400) throw refusal(`Consul at ${this.#host} refuses a request: ${said}`);
		if (status >= 500 || status === 429)
			throw unavailable(`Consul at ${this.#host} fails: ${status} ${said}`);
		throw this.#stranger(answer);
	}

	#stranger({ status, text }: BackendAnswer): ServiceError {
		return strangerAt(
			"Consul",
			hostOf(this.#options.origin),
			`it answered ${status} ${excerpt(text)}`.trimEnd(),
		);
	}
}

interface AskOptions {
	readonly body?: unknown;
	readonly limitMs?: number;
	readonly bodyLimitMs?: number;
	readonly waits?: boolean;
	readonly ctx?: Context | undefined;
}

/** Returns true if the agent does not know a check or a service. It answers 404, or 500 before Consul 1.11. */
function isUnknown({ status, text }: BackendAnswer): boolean {
	if (status === 404) return true;
	return status === 500 && /unknown (check|service)|does not have associated TTL/i.test(text);
}

function unavailable(message: string): ServiceError {
	return new ServiceError({ code: "unavailable", message });
}
