import type { ContractDescription, MethodDescription } from "../contract/describe.ts";
import type { JsonSchema } from "../contract/schema.ts";
import { parameterNames, parseTemplate } from "../routes/path-template.ts";
import type { Route } from "../routes/route.ts";
import { callResponses, errorSchemas, type Responses, routeResponses } from "./responses.ts";
import { propertiesOf, SharedSchemas, withoutProperties } from "./schemas.ts";

/** What a document says of itself. */
export interface OpenApiOptions {
	readonly title: string;
	/** The version of what it describes. */
	readonly version: string;
	/** Where it is served: URLs. */
	readonly servers?: readonly string[];
}

/** An OpenAPI 3.1 document, as plain JSON. */
export interface OpenApiDocument {
	openapi: string;
	info: { title: string; version: string };
	servers?: { url: string }[];
	tags: { name: string; description?: string }[];
	paths: Record<string, Record<string, OpenApiOperation>>;
	components: { schemas: Record<string, JsonSchema> };
}

/** What a verb does at a path. */
export interface OpenApiOperation {
	operationId: string;
	tags: string[];
	summary?: string;
	parameters?: OpenApiParameter[];
	requestBody?: { required: boolean; content: Record<string, { schema: JsonSchema }> };
	responses: Responses;
}

/** A part of the path or the query. */
export interface OpenApiParameter {
	name: string;
	in: "path" | "query";
	required: boolean;
	schema: JsonSchema;
}

/**
 * Describes services for tools that know OpenAPI 3.1: their REST routes, and `POST /{service}/{method}` of their
 * unary methods.
 *
 * @param contracts as `describe` tells them, with their routes.
 */
export function openapi(contracts: readonly ContractDescription[], options: OpenApiOptions): OpenApiDocument {
	const document = new DocumentWriter();
	for (const contract of contracts) {
		for (const route of contract.routes ?? []) document.addRoute(contract, route);
		for (const name of Object.keys(contract.methods)) document.addCall(contract, name);
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

class DocumentWriter {
	readonly #schemas = new SharedSchemas();
	readonly #paths = new Map<string, Record<string, OpenApiOperation>>();
	/** Paths as they are written, by what they match: OpenAPI wants one name for each parameter. */
	readonly #spellings = new Map<string, string>();
	readonly #ids = new Set<string>();

	addRoute(contract: ContractDescription, route: Route): void {
		const method = contract.methods[route.method];
		if (method === undefined) return;
		const item = this.#pathItem(route.path);
		const verb = route.verb.toLowerCase();
		if (item.operations[verb] !== undefined) return;
		item.operations[verb] = {
			operationId: this.#id(`${contract.name}.${route.method}`),
			...about(contract, method),
			...this.#routeParts(contract, method, route, item.parameters),
		};
	}

	addCall(contract: ContractDescription, name: string): void {
		const method = contract.methods[name];
		if (method === undefined || method.kind !== "unary") return;
		const { input, output } = this.#sides(contract, name, method);
		this.#pathItem(`/${contract.name}/${name}`).operations.post ??= {
			operationId: this.#id(`${contract.name}.${name}.call`),
			...about(contract, method),
			requestBody: { required: true, content: { "application/json": { schema: input } } },
			responses: callResponses(method, output),
		};
	}

	finish(): Pick<OpenApiDocument, "paths" | "components"> {
		return {
			paths: Object.fromEntries(this.#paths),
			components: { schemas: { ...errorSchemas, ...this.#schemas.all() } },
		};
	}

	/** @param spelled the names of the path's parameters as the document has them. */
	#routeParts(
		contract: ContractDescription,
		method: MethodDescription,
		route: Route,
		spelled: readonly string[],
	): Pick<OpenApiOperation, "parameters" | "requestBody" | "responses"> {
		const { input, output } = this.#sides(contract, route.method, method);
		const properties = propertiesOf(input);
		const names = parameterNames(route.path);
		const parameters = names.map((name, index): OpenApiParameter => {
			const schema = properties.find((property) => property.name === name)?.schema ?? { type: "string" };
			return { name: spelled[index] ?? name, in: "path", required: true, schema };
		});
		const rest = withoutProperties(input, names);
		const inQuery = route.verb === "GET" || route.verb === "DELETE";
		if (inQuery) {
			const queried = properties.filter(({ name }) => !names.includes(name));
			parameters.push(...queried.map((property): OpenApiParameter => ({ ...property, in: "query" })));
		}
		const body = inQuery ? undefined : rest;
		const required =
			body !== undefined && (propertiesOf(body).some((property) => property.required) || body === input);
		return {
			...(parameters.length > 0 && { parameters }),
			...(body && { requestBody: { required, content: { "application/json": { schema: body } } } }),
			responses: routeResponses(route, method, output, {
				input: parameters.length > 0 || body !== undefined,
				body: body !== undefined,
			}),
		};
	}

	#sides(
		contract: ContractDescription,
		name: string,
		{ input, output }: MethodDescription,
	): { input: JsonSchema; output: JsonSchema } {
		return {
			input: this.#schemas.adopt(`${contract.name}.${name}.input`, input),
			output: this.#schemas.adopt(`${contract.name}.${name}.output`, output),
		};
	}

	/** The operations of a path, and the names of its parameters as they were written first. */
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

function about(
	contract: ContractDescription,
	{ summary }: MethodDescription,
): { tags: string[]; summary?: string } {
	return { tags: [contract.name], ...(summary !== undefined && { summary }) };
}
