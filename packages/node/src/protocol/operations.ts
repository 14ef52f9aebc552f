import {
	type AnyContract,
	type ContractDescription,
	describe,
	type EndpointTable,
	type Route,
	ServiceError,
} from "@allium/core";
import { webSocketPath, webSocketProtocol } from "@allium/core/frames";
import { type OpenApiDocument, openapi } from "@allium/core/http";
import { guardsOperations } from "@allium/core/transport";
import { type HttpRequest, isGet } from "../http/http-request.ts";
import { type Answer, answerTo, errorAnswer, json, jsonType, wrongVerb } from "./answer.ts";
import type { Claim, OpenProtocol, Port, PortProtocol } from "./port-protocol.ts";

/** Returns the measurements in Prometheus' text format 0.0.4. It is called whenever somebody scrapes. */
export type MetricsSource = () => Promise<string>;

/** A contract's description, with the routes that the contract had when it was made. */
interface Described {
	readonly routes: readonly Route[];
	readonly count: number;
	readonly description: ContractDescription;
	readonly text: string;
}

/**
 * The routes that are not calls: health, readiness, metrics, description and the front page. It also answers that
 * nothing is at a path.
 */
export class Operations implements PortProtocol {
	readonly name = "operations";
	readonly claims: readonly Claim[] = [
		{ path: "/healthz" },
		{ path: "/readyz" },
		{ path: "/metrics" },
		{ path: "/-/*" },
		// It takes the requests that no other protocol takes.
		{ match: (): boolean => true },
	];
	readonly #metrics: MetricsSource | undefined;
	/** The plugged-in protocols, by name. */
	readonly #protocols: readonly string[];

	constructor(metrics: MetricsSource | undefined, protocols: readonly string[]) {
		this.#metrics = metrics;
		this.#protocols = protocols;
	}

	open(port: Port): OpenProtocol {
		const { endpoints } = port;
		const routes = new OperationsRoutes(port, this.#metrics, this.#protocols);
		return {
			handle(request, response) {
				const isOpen = isOperation(request.path) && !guardsOperations(endpoints.guard);
				const answer = (): Answer | Promise<Answer> => routes.answer(request);
				if (isOpen) answerTo(port, request, response, answer);
				else port.respond(request, response, answer);
			},
		};
	}
}

class OperationsRoutes {
	readonly #port: Port;
	readonly #endpoints: EndpointTable;
	readonly #source: MetricsSource | undefined;
	readonly #protocols: readonly string[];
	readonly #descriptions = new WeakMap<AnyContract, Described>();
	#document: { readonly parts: readonly Described[]; readonly text: string } | undefined;

	constructor(port: Port, source: MetricsSource | undefined, protocols: readonly string[]) {
		this.#port = port;
		this.#endpoints = port.endpoints;
		this.#source = source;
		this.#protocols = protocols;
	}

	answer(request: HttpRequest): Answer | Promise<Answer> {
		const { path } = request;
		const reads = isGet(request);
		if (path === "/metrics" && reads) return this.#metrics();
		if (path === "/readyz" && reads) return this.#readiness();
		const answer = this.#find(path);
		if (answer !== undefined && reads) return answer;
		const routed = this.#endpoints.routes?.verbs(path) ?? [];
		const isOurs = answer !== undefined || path === "/metrics" || path === "/readyz";
		const verbs = isOurs ? ["GET", "HEAD", ...routed] : routed;
		if (verbs.length > 0) return wrongVerb(path, verbs);
		const message = `there is nothing at ${path}; GET /-/describe tells what is served here`;
		return { ...errorAnswer(new ServiceError({ code: "unimplemented", message })), status: 404 };
	}

	#find(path: string): Answer | undefined {
		if (path === "/healthz") return json(200, { ok: true });
		if (path === "/") return this.#frontPage();
		if (path === webSocketPath) return upgradeRequired();
		if (path === "/-/describe" || path === "/-/describe/") return this.#describeAll();
		if (path === "/-/openapi.json") return this.#openApi();
		if (!path.startsWith("/-/describe/")) return undefined;
		return this.#describeOne(path.slice("/-/describe/".length));
	}

	async #readiness(): Promise<Answer> {
		const readiness = this.#port.draining ? { ok: false, draining: true } : await this.#port.ready();
		return json(readiness.ok ? 200 : 503, readiness);
	}

	async #metrics(): Promise<Answer> {
		if (this.#source !== undefined) {
			try {
				const text: unknown = await this.#source();
				if (typeof text !== "string") throw new TypeError(`the metrics are ${typeof text} instead of text`);
				return { status: 200, type: metricsType, text };
			} catch (error) {
				this.#endpoints.logger.log("error", "the metrics cannot be read", { error });
				throw error;
			}
		}
		const message =
			"nothing is measured here; give the app the metrics of an SDK, such as allium({ metrics: telemetry.prometheus }) with @allium/telemetry";
		return { ...errorAnswer(new ServiceError({ code: "unimplemented", message })), status: 404 };
	}

	#describeAll(): Answer {
		const services = this.#endpoints.contracts.map((contract) => this.#described(contract).text);
		return { status: 200, type: jsonType, text: `{"services":[${services.join(",")}]}` };
	}

	#describeOne(name: string): Answer {
		const found = this.#endpoints.contracts.find((contract) => contract["~allium"].name === name);
		if (found !== undefined) return { status: 200, type: jsonType, text: this.#described(found).text };
		const message = `no service ${JSON.stringify(name)} here; GET /-/describe tells what is served`;
		return errorAnswer(new ServiceError({ code: "not_found", message }));
	}

	/** All services as one OpenAPI document. It is made again only when the served services change. */
	#openApi(): Answer {
		const parts = this.#endpoints.contracts.map((contract) => this.#described(contract));
		const known = this.#document;
		const same =
			known?.parts.length === parts.length && parts.every((part, index) => part === known.parts[index]);
		const text = same ? known.text : JSON.stringify(documentOf(parts.map(({ description }) => description)));
		if (!same) this.#document = { parts, text };
		return { status: 200, type: jsonType, text };
	}

	/** A description takes time to make. Contracts do not change, but the routes of a gateway may. */
	#described(contract: AnyContract): Described {
		const { name } = contract["~allium"];
		const routes = this.#endpoints.routes?.of(name) ?? none;
		const known = this.#descriptions.get(contract);
		if (known !== undefined && known.routes === routes && known.count === routes.length) return known;
		const description = describe(contract, routes, this.#endpoints.securityOf?.(name));
		const made = { routes, count: routes.length, description, text: JSON.stringify(description) };
		this.#descriptions.set(contract, made);
		return made;
	}

	#frontPage(): Answer {
		const methods = this.#endpoints.contracts.flatMap((contract) => contract["~allium"].methods);
		const lines = [
			"This is an Allium server.",
			"",
			"GET /-/describe        what it serves, as JSON",
			"GET /-/openapi.json    the same for OpenAPI tools",
			"GET /healthz           whether it lives",
			"GET /readyz            whether it takes calls",
			...(this.#source === undefined ? [] : ["GET /metrics           what is measured"]),
			...(this.#endpoints.routes?.all() ?? []).map(({ verb, path }) => `${verb} ${path}`),
			...methods.map(({ path, kind }) => `POST /${path}${kind === "unary" ? "" : `    (${kind})`}`),
			"",
			...(this.#protocols.length === 0 ? [] : [`Also spoken here: ${this.#protocols.join(", ")}`, ""]),
			"Calls take JSON: curl --json '{}' <this address>/<service>/<method>",
			"",
		];
		return { status: 200, type: "text/plain; charset=utf-8", text: lines.join("\n") };
	}
}

const none: readonly Route[] = [];
const operations = new Set(["/", "/healthz", "/readyz", "/metrics", "/-/describe", "/-/openapi.json"]);
/** https://prometheus.io/docs/instrumenting/exposition_formats/ */
const metricsType = "text/plain; version=0.0.4; charset=utf-8";

function documentOf(described: readonly ContractDescription[]): OpenApiDocument {
	const [first] = described;
	return openapi(described, {
		title: described.map(({ name }) => name).join(", ") || "Allium",
		version: described.length === 1 && first !== undefined ? first.version : "1.0.0",
	});
}

/** Whether a path belongs to operations or reflection, which serve probes, scrapers, gateways and tools. */
function isOperation(path: string): boolean {
	return operations.has(path) || path.startsWith("/-/describe/");
}

function upgradeRequired(): Answer {
	const message = `${webSocketPath} takes WebSockets with the subprotocol ${webSocketProtocol}`;
	const refusal = errorAnswer(new ServiceError({ code: "failed_precondition", message }));
	return { ...refusal, status: 426, headers: { upgrade: "websocket" } };
}
