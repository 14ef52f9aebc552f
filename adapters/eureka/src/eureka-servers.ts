import {
	type BackendAnswer,
	type BackendRequest,
	type BackendTls,
	clockIn,
	excerpt,
	HttpBackend,
	hostOf,
	strangerAt,
} from "@allium/backend";
import { type Context, isServiceError, ServiceError } from "@allium/core";
import { refusal, unavailable } from "@allium/core/adapter";
import type { RegistryClock } from "@allium/core/registry";
import { type Applications, readApplications } from "./applications.ts";

/** How long an answer with all instances may take once it has begun, in milliseconds: it may be large. */
const listTimeoutMs = 20_000;
/** The largest accepted answer, in bytes: some 30,000 instances. */
const maxBytes = 64 * 1024 * 1024;

/** How Eureka is reached. */
export interface EurekaServersOptions {
	/** The origins of the servers, at least one: `http://10.0.0.1:8761`. */
	readonly origins: readonly string[];
	/** The path of the API on each server: `/eureka`. */
	readonly path: string;
	readonly tls: BackendTls;
	/** Empty for none. */
	readonly user: string;
	readonly password: string;
	/** How long one server may take until it begins to answer, in milliseconds. */
	readonly limitMs: number;
}

/** The answer of one server. */
interface EurekaAnswer extends BackendAnswer {
	readonly origin: string;
	/** The method of the request. */
	readonly method: BackendRequest["method"];
}

/** A list of Eureka, and where it is from. */
export interface Listed extends Applications {
	/** The server that gave it. Another server may have other instances. */
	readonly origin: string;
	/** The size of its JSON, in UTF-16 code units. */
	readonly length: number;
}

/** The REST interface of Eureka's servers. One is asked until it does not answer, and then the next. */
export class EurekaServers {
	readonly #options: EurekaServersOptions;
	readonly #http: HttpBackend;
	readonly #headers: Readonly<Record<string, string>>;
	/** The index of the server that is asked first. */
	#current = 0;

	constructor(options: EurekaServersOptions) {
		this.#options = options;
		this.#http = new HttpBackend("Eureka", options.tls);
		const { user, password } = options;
		const login = Buffer.from(`${user}:${password}`).toString("base64");
		this.#headers = {
			accept: "application/json",
			"content-type": "application/json",
			...((user !== "" || password !== "") && { authorization: `Basic ${login}` }),
		};
	}

	/**
	 * Checks that Eureka answers.
	 *
	 * @throws ServiceError that names the fault in one sentence.
	 */
	async check(): Promise<void> {
		if ((await this.changes(undefined)) === undefined) await this.all();
	}

	/** The time of the server that answers. */
	async clock(ctx: Context): Promise<RegistryClock | undefined> {
		return clockIn(await this.#ask("GET", "/apps/delta", { ctx }));
	}

	/** All instances. */
	async all(ctx?: Context): Promise<Listed> {
		return this.#listed(await this.#ask("GET", "/apps", { ctx }));
	}

	/**
	 * The changes of the last minutes. `@allium/eureka-server` answers only with changes after the given version;
	 * Netflix's server ignores the version.
	 *
	 * @returns undefined if the server does not report changes. In that case all instances have to be requested.
	 */
	async changes(since: string | undefined, ctx?: Context): Promise<Listed | undefined> {
		const query = since === undefined ? "" : `?since=${encodeURIComponent(since)}`;
		const answer = await this.#ask("GET", `/apps/delta${query}`, { ctx });
		// Netflix's server answers 403 where changes are switched off.
		if (answer.status === 403 || answer.status === 404) return undefined;
		return this.#listed(answer);
	}

	/** @throws ServiceError `invalid_argument` where Eureka refuses the instance. */
	async register(app: string, body: string, ctx?: Context): Promise<void> {
		const answer = await this.#ask("POST", `/apps/${encodeURIComponent(app)}`, { body, ctx });
		if (answer.status === 204 || answer.status === 200) return;
		if (answer.status === 400 || answer.status === 413) {
			const message = `Eureka at ${hostOf(answer.origin)} refuses an instance: ${excerpt(answer.text)}`;
			throw new ServiceError({ code: "invalid_argument", message });
		}
		throw this.#failure(answer);
	}

	/** False where the server does not know the instance. */
	renew(app: string, id: string): Promise<boolean> {
		return this.#try("PUT", pathOf(app, id));
	}

	/** False where the server does not know the instance. */
	cancel(app: string, id: string): Promise<boolean> {
		return this.#try("DELETE", pathOf(app, id));
	}

	close(): void {
		this.#http.close();
	}

	async #try(method: "PUT" | "DELETE", path: string): Promise<boolean> {
		const answer = await this.#ask(method, path, {});
		if (answer.status === 404) return false;
		if (answer.status === 200 || answer.status === 204) return true;
		throw this.#failure(answer);
	}

	/** Asks one server after the other until one answers. */
	async #ask(method: BackendRequest["method"], path: string, options: AskOptions): Promise<EurekaAnswer> {
		const { origins } = this.#options;
		let failure: unknown;
		for (let tries = 0; tries < origins.length; tries++) {
			const index = this.#current;
			try {
				return await this.#askOne(origins[index] ?? "", method, path, options);
			} catch (error) {
				if (!isServiceError(error) || error.code !== "unavailable") throw error;
				failure = error;
				// Another request may have gone on to the next server meanwhile.
				if (this.#current === index) this.#current = (index + 1) % origins.length;
			}
		}
		throw failure;
	}

	async #askOne(
		origin: string,
		method: BackendRequest["method"],
		path: string,
		{ body, ctx }: AskOptions,
	): Promise<EurekaAnswer> {
		const { limitMs, path: base } = this.#options;
		const request = {
			method,
			url: origin + base + path,
			headers: this.#headers,
			...(body !== undefined && { body }),
			timeoutMs: limitMs,
			bodyTimeoutMs: method === "GET" ? listTimeoutMs : limitMs,
			maxBytes,
		};
		const answer = { ...(await this.#http.ask(request, ctx)), origin, method };
		if (answer.status >= 500 || answer.status === 429) throw this.#failure(answer);
		return answer;
	}

	#listed(answer: EurekaAnswer): Listed {
		if (answer.status !== 200) throw this.#failure(answer);
		const applications = readApplications(answer.text);
		if (applications === undefined) throw this.#failure(answer);
		return { ...applications, origin: answer.origin, length: answer.text.length };
	}

	#failure({ status, text, origin, method }: EurekaAnswer): ServiceError {
		const host = hostOf(origin);
		const said = excerpt(text);
		if (status === 401) {
			const { user } = this.#options;
			const whom = user === "" ? "requests without a user" : `the user ${user}, or the password`;
			return refusal(`Eureka at ${host} refuses ${whom}: name one with eureka://USER:PASSWORD@…`);
		}
		if (status === 403) return forbidden(host, method);
		if (status >= 500 || status === 429)
			return unavailable(`Eureka at ${host} fails: ${status} ${said}`.trimEnd());
		const why = `it answered ${status} below ${this.#options.path}: ${said}`.replace(/: $/, "");
		return strangerAt("Eureka", host, why);
	}
}

interface AskOptions {
	readonly body?: string;
	readonly ctx?: Context | undefined;
}

/**
 * Netflix's server forbids reading while it starts. A server with Spring Security forbids writing unless it is
 * configured otherwise.
 */
function forbidden(host: string, method: BackendRequest["method"]): ServiceError {
	return method === "GET"
		? unavailable(`Eureka at ${host} lets nobody read what is registered yet, or not this user`)
		: refusal(
				`Eureka at ${host} forbids to register: allow it to the user, and where it has Spring Security, switch CSRF off for its path`,
			);
}

function pathOf(app: string, id: string): string {
	return `/apps/${encodeURIComponent(app)}/${encodeURIComponent(id)}`;
}
