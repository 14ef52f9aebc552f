import { isServiceError, ServiceError, toServiceError } from "@allium/core";
import {
	type Carrier,
	errorAnswer,
	type HttpRequest,
	type HttpResponse,
	type OpenProtocol,
	type Port,
	type PortProtocol,
} from "@allium/node/protocol";
import { copied } from "./copied.ts";
import { type EurekaAnswer, found, plain, refusal, wrongMethod } from "./eureka-answer.ts";
import { type EurekaInstance, readInstance, readStatus } from "./eureka-instance.ts";
import { type EurekaRequest, readBody, readRequest } from "./eureka-request.ts";
import { LeaseTable } from "./lease-table.ts";
import { application } from "./leased-instance.ts";

/** The options of `eurekaServer`. */
export interface EurekaServerOptions {
	/** The path of Eureka's API. Default: `/eureka`. */
	readonly path?: string;
	/**
	 * Whether leases that ran out are kept while fewer than 85 % of the instances renew theirs, because the network may
	 * be at fault. If there are few instances, one that dies is then listed for good, as in Netflix's server. Default:
	 * true.
	 */
	readonly selfPreservation?: boolean;
	/** The largest size of one instance, in bytes of its JSON, which also bounds a registration. Default: 65,536. */
	readonly maxInstanceBytes?: number;
	/** The most memory that all instances may take, in bytes. Default: 256 MiB, for some 30,000 instances. */
	readonly maxBytes?: number;
}

/**
 * Eureka's REST API on the one port, so that services which know only Eureka register here and find each other: by
 * `/eureka/v2/apps…` and the plain `/eureka/apps…`, in XML and JSON. Registrations are kept in memory, in this process
 * alone.
 *
 * @throws TypeError for a path that is none.
 *
 * @example
 * const app = allium({ name: "eureka", protocols: [eurekaServer()] });
 */
export function eurekaServer(options: EurekaServerOptions = {}): PortProtocol {
	const {
		path = "/eureka",
		selfPreservation = true,
		maxInstanceBytes = 64 * 1024,
		maxBytes = 256 * 1024 * 1024,
	} = options;
	if (!/^(\/[\w.~-]+)+$/.test(path))
		throw new TypeError(`the path of Eureka is one such as /eureka, not ${path}`);
	const base = `${path}/`;
	return {
		name: "Eureka",
		claims: [{ path: `${base}*` }],
		open(port) {
			const { logger } = port;
			const leases = new LeaseTable({ selfPreservation, maxInstanceBytes, maxBytes, logger });
			return new EurekaProtocol(port, { base, leases, maxInstanceBytes });
		},
	};
}

interface EurekaParts {
	readonly base: string;
	readonly leases: LeaseTable;
	readonly maxInstanceBytes: number;
}

class EurekaProtocol implements OpenProtocol {
	readonly #port: Port;
	readonly #parts: EurekaParts;
	readonly #leases: LeaseTable;

	constructor(port: Port, parts: EurekaParts) {
		this.#port = port;
		this.#parts = parts;
		this.#leases = parts.leases;
	}

	handle(request: HttpRequest, response: HttpResponse): void {
		this.#port
			.carry(request, response, { maxBytes: this.#parts.maxInstanceBytes })
			.then((carrier) => this.#answer(request, carrier))
			.catch((error) => this.#port.answer(request, response, errorAnswer(toServiceError(error))))
			.catch((error) => {
				this.#port.logger.log("error", "a request could not be answered", { path: request.path, error });
				response.destroy();
			});
	}

	close(): void {
		this.#leases.close();
	}

	async #answer(request: HttpRequest, carrier: Carrier): Promise<void> {
		const { status, headers, body } = await this.#reply(request, carrier).catch((error) => {
			if (!isServiceError(error)) {
				this.#port.logger.log("error", "a request to Eureka failed", { path: request.path, error });
			}
			return refusal(toServiceError(error));
		});
		carrier.answer(status, headers, body);
	}

	async #reply(request: HttpRequest, carrier: Carrier): Promise<EurekaAnswer> {
		const asked = readRequest(request, this.#parts.base);
		const [kind, app = "", id] = asked.parts;
		switch (kind) {
			case "apps":
				if (id !== undefined) return this.#instance(asked, app.toUpperCase(), id);
				return asked.parts.length === 1 ? this.#all(asked) : this.#app(asked, app, carrier);
			case "instances":
				return this.#byId(asked, app);
			case "vips":
				return this.#byAddress(asked, (instance) => namesOf(instance.texts.vipAddress).includes(app));
			case "svips":
				return this.#byAddress(asked, (instance) => namesOf(instance.texts.secureVipAddress).includes(app));
			default:
				return plain(404);
		}
	}

	#all({ method, format }: EurekaRequest): EurekaAnswer {
		return method === "GET" ? found(format, this.#leases.all(format)) : wrongMethod("GET");
	}

	/** One app, or the list of changes, which takes the place of an app in the path. */
	async #app({ method, format, query }: EurekaRequest, app: string, carrier: Carrier): Promise<EurekaAnswer> {
		if (app === "delta" && method === "GET") {
			const since = /^\d{1,15}$/.test(query.get("since") ?? "") ? Number(query.get("since")) : undefined;
			return found(format, this.#leases.delta(format, since));
		}
		const name = app.toUpperCase();
		if (method === "POST") {
			const { mediaType, error } = carrier.head;
			if (error !== undefined) throw error;
			this.#leases.register(readInstance(readBody(await carrier.body(), mediaType), name));
			return plain(204);
		}
		if (method !== "GET") return wrongMethod("GET", "POST");
		const leased = this.#leases.filter((instance) => instance.app === name);
		if (leased.length === 0) return plain(404);
		const one = application(format, name, leased);
		return found(format, format === "json" ? `{"application":${one}}` : one);
	}

	#instance(asked: EurekaRequest, app: string, id: string): EurekaAnswer {
		const { method, query, format, parts } = asked;
		const leases = this.#leases;
		switch (parts.slice(3).join("/")) {
			case "":
				if (method === "GET") return found(format, leases.document(format, app, id));
				if (method === "DELETE") return plain(leases.cancel(app, id) ? 200 : 404);
				if (method !== "PUT") return wrongMethod("GET", "PUT", "DELETE");
				return plain(leases.renew(app, id, numberIn(query, "lastDirtyTimestamp")) ? 200 : 404);
			case "status":
				if (method === "PUT") return this.#override(asked, app, id);
				if (method !== "DELETE") return wrongMethod("PUT", "DELETE");
				return plain(leases.change(app, id, (one) => withoutOverride(one, query)) ? 200 : 404);
			case "metadata":
				if (method !== "PUT") return wrongMethod("PUT");
				return plain(leases.change(app, id, (one) => withMetadata(one, query)) ? 200 : 404);
			default:
				return plain(404);
		}
	}

	#override({ query }: EurekaRequest, app: string, id: string): EurekaAnswer {
		const override = readStatus(query.get("value"));
		if (override === "UNKNOWN") {
			throw new ServiceError({
				code: "invalid_argument",
				message: "the value of a status is UP, DOWN, STARTING or OUT_OF_SERVICE",
			});
		}
		return plain(this.#leases.change(app, id, (instance) => ({ ...instance, override })) ? 200 : 404);
	}

	#byId({ method, format }: EurekaRequest, id: string): EurekaAnswer {
		if (method !== "GET") return wrongMethod("GET");
		const [leased] = this.#leases.filter((instance) => instance.id === id);
		return found(format, leased && this.#leases.document(format, leased.instance.app, id));
	}

	#byAddress(
		{ method, format }: EurekaRequest,
		isMeant: (instance: EurekaInstance) => boolean,
	): EurekaAnswer {
		if (method !== "GET") return wrongMethod("GET");
		const leased = this.#leases.filter(isMeant);
		return leased.length === 0 ? plain(404) : found(format, this.#leases.list(format, leased));
	}
}

/** A virtual address may be several, with commas between them. */
function namesOf(address = ""): string[] {
	return address.split(",").map((name) => name.trim());
}

function numberIn(query: URLSearchParams, name: string): number | undefined {
	const text = query.get(name) ?? "";
	return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/**
 * The status that the request names replaces the one that an operator has set. Without one, the instance's own status
 * counts again.
 */
function withoutOverride(instance: EurekaInstance, query: URLSearchParams): EurekaInstance {
	const named = readStatus(query.get("value"));
	return { ...instance, override: "UNKNOWN", status: named === "UNKNOWN" ? instance.status : named };
}

function withMetadata(instance: EurekaInstance, query: URLSearchParams): EurekaInstance {
	const { metadata } = instance;
	return { ...instance, metadata: Object.fromEntries([...Object.entries(metadata), ...copied([...query])]) };
}
