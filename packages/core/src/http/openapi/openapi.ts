import type { ContractDescription, MethodDescription } from "../../contract/describe.ts";
import type { Route } from "../../contract/route.ts";
import type { JsonSchema } from "../../contract/schema.ts";
import type { SecurityScheme } from "../../contract/security.ts";
import { parameterNames, parseTemplate } from "../../routes/path-template.ts";
import { InputShape } from "./input-shape.ts";
import { type OpenApiParameter, pathParameter, queryParameters } from "./parameters.ts";
import { callResponses, errorSchemas, eventResponses, type Responses, routeResponses } from "./responses.ts";
import { type AdoptedSchema, SharedSchemas } from "./schemas.ts";
import { type SecurityRequirements, SecuritySchemes } from "./security.ts";

/** The facts that a document states about itself. */
export interface OpenApiOptions {
	readonly title: string;
	/** The version of the services that it describes. */
	readonly version: string;
	/** The URLs of its servers. */
	readonly servers?: readonly string[];
}

/** An OpenAPI 3.1 document, as plain JSON. */
export interface OpenApiDocument {
	openapi: string;
	info: { title: string; version: string };
	servers?: { url: string }[];
	tags: { name: string; description?: string }[];
	paths: Record<string, Record<string, OpenApiOperation>>;
	components: {
		schemas: Readonly<Record<string, JsonSchema>>;
		securitySchemes?: Readonly<Record<string, SecurityScheme>>;
	};
}

/** The operation of a verb at a path. */
export interface OpenApiOperation {
	operationId: string;
	tags: string[];
	summary?: string;
	parameters?: OpenApiParameter[];
	requestBody?: { required: boolean; content: Record<string, { schema: JsonSchema }> };
	responses: Responses;
	security?: SecurityRequirements;
}

/**
 * Describes services for tools that know OpenAPI 3.1: their REST routes, `POST /{service}/{method}` of unary
 * methods that have no route, and `GET /{service}/{method}` of server streams that only read, as event streams.
 *
 * @param contracts the descriptions as `describe` gives them, with their routes and the demands of their guards.
 */
export function openapi(contracts: readonly ContractDescription[], options: OpenApiOptions): OpenApiDocument {
	const document = new DocumentWriter();
	document.adopt(contracts);
	for (const contract of contracts) {
		const { methods, routes = [] } = contract;
		for (const route of routes) document.addRoute(contract, route);
		const routed = new Set(routes.map(({ method }) => method));
		for (const [name, method] of Object.entries(methods)) {
			if (!routed.has(name)) document.addCall(contract, name, method);
		}
	}
	const { title, version, servers } = options;
	return {
		openapi: "3.1.0",
		info: { title, version },
		...(servers !== undefined && { servers: servers.map((url) => ({ url })) }),
		tags: contracts.map(({ name, summary }) => ({
			name,
			...(summary !== undefined && { description: summary }),
		})),
		...document.finish(),
	};
}

/** The schemas of a method's two sides in the document. */
interface Sides {
	readonly input: AdoptedSchema;
	readonly output: AdoptedSchema;
}

class DocumentWriter {
	readonly #sides = new Map<MethodDescription, Sides>();
	readonly #schemas = new SharedSchemas(Object.keys(errorSchemas));
	readonly #security = new SecuritySchemes();
	readonly #paths = new Map<string, Record<string, OpenApiOperation>>();
	/** The spelling of each path, by the pattern that it matches. OpenAPI requires one name for each parameter. */
	readonly #spellings = new Map<string, string>();
	readonly #ids = new Set<string>();

	/** Adds all schemas, the schemas of outputs first, so that names do not depend on the order of routes. */
	adopt(contracts: readonly ContractDescription[]): void {
		const methods = contracts.flatMap(({ name, methods }) => {
			const described = Object.entries(methods).filter(([, method]) => verbOfCall(method) !== undefined);
			return described.map(([key, method]) => ({ path: `${name}.${key}`, method }));
		});
		const outputs = methods.map(({ path, method }) => this.#schemas.adopt(`${path}.output`, method.output));
		for (const [index, { path, method }] of methods.entries()) {
			const input = this.#schemas.adopt(`${path}.input`, method.input);
			this.#sides.set(method, { input, output: outputs[index] as AdoptedSchema });
		}
	}

	addRoute(contract: ContractDescription, route: Route): void {
		const method = contract.methods[route.method];
		const sides = method && this.#sides.get(method);
		if (method === undefined || sides === undefined) return;
		const item = this.#pathItem(route.path);
		const verb = route.verb.toLowerCase();
		if (item.operations[verb] !== undefined) return;
		item.operations[verb] = {
			...this.#about(contract, route.method, method),
			...routeParts(method, sides, route, item.parameters),
			...this.#secured(contract, route.method),
		};
	}

	/** Adds the call of a method by its name, where OpenAPI can describe it. */
	addCall(contract: ContractDescription, name: string, method: MethodDescription): void {
		const verb = verbOfCall(method);
		const sides = this.#sides.get(method);
		if (verb === undefined || sides === undefined) return;
		const { operations } = this.#pathItem(`/${contract.name}/${method.wireName ?? name}`);
		if (operations[verb] !== undefined) return;
		operations[verb] = {
			...this.#about(contract, name, method),
			...(verb === "post" ? callParts(method, sides) : eventParts(method, sides)),
			...this.#secured(contract, name),
		};
	}

	finish(): Pick<OpenApiDocument, "paths" | "components"> {
		const securitySchemes = this.#security.all();
		return {
			paths: Object.fromEntries(this.#paths),
			components: {
				schemas: { ...errorSchemas, ...this.#schemas.all() },
				...(Object.keys(securitySchemes).length > 0 && { securitySchemes }),
			},
		};
	}

	#about(
		contract: ContractDescription,
		name: string,
		{ summary }: MethodDescription,
	): Pick<OpenApiOperation, "operationId" | "tags" | "summary"> {
		return {
			operationId: this.#id(`${contract.name}.${name}`),
			tags: [contract.name],
			...(summary !== undefined && { summary }),
		};
	}

	#secured({ name, security = [] }: ContractDescription, method: string): Pick<OpenApiOperation, "security"> {
		const requirements = this.#security.requirements(`${name}/${method}`, security);
		return requirements === undefined ? {} : { security: requirements };
	}

	/** The operations of a path, and the names of its parameters in their first spelling. */
	#pathItem(path: string): { operations: Record<string, OpenApiOperation>; parameters: string[] } {
		const segments = parseTemplate(path);
		const shape = segments.map((segment) => (segment.kind === "literal" ? segment.text : "{}")).join("/");
		const written = segments.map((segment) =>
			segment.kind === "literal" ? segment.text : `{${segment.name}}`,
		);
		const spelling = this.#spellings.get(shape) ?? `/${written.join("/")}`;
		this.#spellings.set(shape, spelling);
		const operations = this.#paths.get(spelling) ?? {};
		this.#paths.set(spelling, operations);
		return { operations, parameters: parameterNames(spelling) };
	}

	/** A method may have several routes, but each operation has its own id. */
	#id(wanted: string): string {
		let id = wanted;
		for (let count = 2; this.#ids.has(id); count++) id = `${wanted}.${count}`;
		this.#ids.add(id);
		return id;
	}
}

/** The verb that calls a method at `/{service}/{method}`, where OpenAPI can describe that; undefined for streams. */
function verbOfCall({ kind, effect }: MethodDescription): "get" | "post" | undefined {
	if (kind === "unary") return "post";
	return kind === "server_stream" && effect === "read" ? "get" : undefined;
}

function callParts(
	method: MethodDescription,
	{ input, output }: Sides,
): Pick<OpenApiOperation, "requestBody" | "responses"> {
	return {
		requestBody: { required: true, content: { "application/json": { schema: input.whole } } },
		responses: callResponses(method, output.whole),
	};
}

/** The parts of a stream of events. The input is one parameter of the query, as JSON. */
function eventParts(
	method: MethodDescription,
	{ input, output }: Sides,
): Pick<OpenApiOperation, "parameters" | "responses"> {
	const whole = new InputShape(method.input).without([]);
	const parameter: OpenApiParameter = {
		name: "input",
		in: "query",
		required: whole?.required === true,
		content: { "application/json": { schema: input.whole } },
	};
	return {
		...(whole !== undefined && { parameters: [parameter] }),
		responses: eventResponses(output.whole),
	};
}

/** @param spelled the names of the path's parameters in the document. */
function routeParts(
	method: MethodDescription,
	{ input, output }: Sides,
	route: Route,
	spelled: readonly string[],
): Pick<OpenApiOperation, "parameters" | "requestBody" | "responses"> {
	const shape = new InputShape(method.input);
	const names = parameterNames(route.path);
	const parameters = names.map((name, index) => {
		const member = shape.members.find((candidate) => candidate.name === name);
		return pathParameter(spelled[index] ?? name, member, shape.others, input.part);
	});
	const hasBody = route.verb !== "GET" && route.verb !== "DELETE";
	if (!hasBody) parameters.push(...queryParameters(shape, names, input.part));
	const rest = hasBody ? shape.without(names) : undefined;
	const whole = names.length === 0 ? input.whole : undefined;
	const body = rest && {
		required: rest.required,
		content: { "application/json": { schema: whole ?? input.part(rest.schema) } },
	};
	return {
		...(parameters.length > 0 && { parameters }),
		...(body && { requestBody: body }),
		responses: routeResponses(route, method, output.whole, {
			input: parameters.length > 0 || body !== undefined,
			body: body !== undefined,
		}),
	};
}
