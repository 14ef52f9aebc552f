import {
	type AnyContract,
	type ContractDescription,
	describe,
	type EndpointTable,
	type Route,
	ServiceError,
	toServiceError,
} from "@allium/core";
import { webSocketPath, webSocketProtocol } from "@allium/core/frames";
import { type OpenApiDocument, openapi } from "@allium/core/http";
import { askGuard, guardsOperations } from "@allium/core/transport";
import { type Answer, errorAnswer, json, jsonType } from "./answer.ts";
import type { HttpServer } from "./http-server.ts";
import { isGet, type Request, readHead } from "./request-head.ts";
import type { Response } from "./response.ts";

/** Whether a process takes calls now, and whatever else is good to know. */
export interface Readiness {
	readonly ok: boolean;
	readonly [fact: string]: unknown;
}

/** Tells what is measured, in Prometheus' text format 0.0.4. Asked each time somebody scrapes. */
export type MetricsSource = () => Promise<string>;

/** What the operations routes tell beside what is served. */
export interface OperationsOptions {
	readonly ready: () => Readiness | Promise<Readiness>;
	readonly metrics?: MetricsSource | undefined;
}

/** A contract as it was described, with the routes that it had then. */
interface Described {
	readonly routes: readonly Route[];
	readonly count: number;
	readonly description: ContractDescription;
	readonly text: string;
}

/** Answers what is no call of a method: health, readiness, description, the front page; and what is nothing. */
export class Operations {
	readonly #endpoints: EndpointTable;
	readonly #options: OperationsOptions;
	readonly #descriptions = new WeakMap<AnyContract, Described>();
	#document: { readonly parts: readonly Described[]; readonly text: string } | undefined;

	constructor(endpoints: EndpointTable, options: OperationsOptions) {
		this.#endpoints = endpoints;
		this.#options = options;
	}

	/** @param path begins with a slash, without the query. */
	answer(server: HttpServer, request: Request, response: Response, path: string): void {
		request.on("error", nothing);
		this.#admit(server, request, path)
			.then(() => this.#route(server, request, path))
			.then(
				(answer) => server.answer(request, response, answer),
				(error) => server.answer(request, response, errorAnswer(toServiceError(error))),
			)
			.catch((error) => {
				server.logger.log("error", "a request could not be answered", { path, error });
				response.destroy();
			});
	}

	async #admit(server: HttpServer, request: Request, path: string): Promise<void> {
		const { guard } = this.#endpoints;
		if (guard === undefined || (isOperation(path) && !guardsOperations(guard))) return;
		const { metadata, error } = readHead(request);
		if (error !== undefined) throw error;
		const peer = server.peerOf(request);
		await askGuard(this.#endpoints, { peer, path, metadata });
	}

	#route(server: HttpServer, request: Request, path: string): Answer | Promise<Answer> {
		const reads = isGet(request);
		if (path === "/metrics" && reads) return this.#metrics();
		if (path === "/readyz" && reads) return this.#readiness(server);
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

	async #readiness(server: HttpServer): Promise<Answer> {
		const readiness = server.draining ? { ok: false, draining: true } : await this.#options.ready();
		return json(readiness.ok ? 200 : 503, readiness);
	}

	async #metrics(): Promise<Answer> {
		const { metrics } = this.#options;
		if (metrics !== undefined) {
			try {
				const text: unknown = await metrics();
				if (typeof text !== "string") throw new TypeError(`the metrics are ${typeof text} instead of text`);
				return { status: 200, type: metricsType, text };
			} catch (error) {
				this.#endpoints.logger.log("error", "the metrics cannot be told", { error });
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

	/** All that is served, for tools that know OpenAPI. Made anew only when something else is served. */
	#openApi(): Answer {
		const parts = this.#endpoints.contracts.map((contract) => this.#described(contract));
		const known = this.#document;
		const same =
			known?.parts.length === parts.length && parts.every((part, index) => part === known.parts[index]);
		const text = same ? known.text : JSON.stringify(documentOf(parts.map(({ description }) => description)));
		if (!same) this.#document = { parts, text };
		return { status: 200, type: jsonType, text };
	}

	/** Contracts do not change, and describing one takes time; the routes of a gateway may. */
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
			...(this.#options.metrics === undefined ? [] : ["GET /metrics           what is measured"]),
			...(this.#endpoints.routes?.all() ?? []).map(({ verb, path }) => `${verb} ${path}`),
			...methods.map(({ path, kind }) => `POST /${path}${kind === "unary" ? "" : `    (${kind})`}`),
			"",
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

/** Whether a path is for operations and reflection: for probes, scrapers, gateways and tools. */
function isOperation(path: string): boolean {
	return operations.has(path) || path.startsWith("/-/describe/");
}

function wrongVerb(path: string, verbs: readonly string[]): Answer {
	const allow = verbs.join(", ");
	const message = `${path} takes only ${allow}`;
	const refusal = errorAnswer(new ServiceError({ code: "unimplemented", message }));
	return { ...refusal, status: 405, headers: { allow } };
}

function upgradeRequired(): Answer {
	const message = `${webSocketPath} takes WebSockets with the subprotocol ${webSocketProtocol}`;
	const refusal = errorAnswer(new ServiceError({ code: "failed_precondition", message }));
	return { ...refusal, status: 426, headers: { upgrade: "websocket" } };
}

function nothing(): void {}
