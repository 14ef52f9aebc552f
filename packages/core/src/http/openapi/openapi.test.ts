import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { type AnyContract, contract } from "../../contract/contract.ts";
import { describe as describeContract } from "../../contract/describe.ts";
import { event } from "../../contract/event.ts";
import { method } from "../../contract/method.ts";
import type { JsonSchema } from "../../contract/schema.ts";
import type { Security } from "../../contract/security.ts";
import { stream } from "../../contract/stream.ts";
import { del, get, patch, post, put, type RouteSpecs, routes } from "../../routes/routes.ts";
import { type OpenApiDocument, openapi } from "./openapi.ts";

type Tree = { v: number; kids: Tree[] };
const Tree: z.ZodType<Tree> = z.object({ v: z.int(), kids: z.array(z.lazy(() => Tree)) });
const Item = z.object({ id: z.string(), size: z.int() }).meta({ id: "Item" });

const Items = contract(
	"shop.items",
	{
		create: method({
			summary: "Makes an item.",
			input: z.object({ size: z.int(), tags: z.array(z.string()).optional() }),
			output: Item,
			errors: {
				full: { code: "resource_exhausted", message: "no room" },
				odd: {
					code: "invalid_argument",
					message: "an odd size!",
					data: z.object({ size: z.int(), near: z.array(z.int()) }),
				},
			},
		}),
		get: method({
			input: z.object({ id: z.string(), depth: z.int().default(1) }),
			output: Item,
			errors: { no_item: { code: "not_found" } },
			effect: "read",
		}),
		list: method({ output: z.array(Item), effect: "read" }),
		change: method({ input: z.object({ id: z.string(), size: z.int() }), output: Item }),
		remove: method({ input: z.object({ name: z.string() }) }),
		tree: method({ input: Tree, output: z.object({ tree: Tree }) }),
		file: method({ input: z.object({ path: z.string() }), effect: "read" }),
		watch: method({ input: z.object({ from: z.int() }), output: stream(Item), effect: "read" }),
		count: method({ output: z.object({ count: z.int() }) }),
		upload: method({ input: stream(Item) }),
	},
	{ summary: "Things to sell." },
);

const itemRoutes = routes(
	Items,
	{
		create: post("/items", {
			status: 201,
			location: "/items/{id}",
			errors: { unparsable: { type: "text/plain; charset=utf-8", body: "Failed to parse" } },
		}),
		get: get("/items/{id}"),
		list: get("/items"),
		change: [put("/items/{id}"), patch("/items/{id}")],
		remove: del("/items/{name}", { status: 204 }),
		tree: post("/trees"),
		file: get("/files/{path+}"),
	},
	{ errors: { full: { status: 507, type: "application/json", body: '{"error":"{message}"}' } } },
);

const options = { title: "shop", version: "1.2.3", servers: ["http://127.0.0.1:8080"] };
const document = openapi([describeContract(Items, itemRoutes.routes)], options);

function operation(path: string, verb: string): OpenApiDocument["paths"][string][string] {
	const found = document.paths[path]?.[verb];
	if (found === undefined) throw new Error(`no ${verb} ${path} in ${Object.keys(document.paths)}`);
	return found;
}

describe("the document", () => {
	test("is valid OpenAPI 3.1, and its references lead somewhere", async () => {
		const validator = new Validator();
		const result = await validator.validate(JSON.parse(JSON.stringify(document)));
		expect(result).toEqual({ valid: true });
		expect(validator.version).toBe("3.1");
		expect(() => validator.resolveRefs()).not.toThrow();
		expect(dangling(document)).toEqual([]);
	});

	test("the validator would tell a mistake", async () => {
		const broken = { ...document, paths: { items: {} } };
		expect((await new Validator().validate(broken)).valid).toBe(false);
		expect(dangling({ $ref: "#/components/schemas/Nothing" })).toEqual(["#/components/schemas/Nothing"]);
	});

	test("says what it describes", () => {
		expect(document).toMatchObject({
			openapi: "3.1.0",
			info: { title: "shop", version: "1.2.3" },
			servers: [{ url: "http://127.0.0.1:8080" }],
			tags: [{ name: "shop.items", description: "Things to sell." }],
		});
	});

	test("has the routes, and the calls of methods without one", () => {
		const all = Object.entries(document.paths).flatMap(([path, verbs]) =>
			Object.keys(verbs).map((verb) => `${verb} ${path}`),
		);
		expect(all).toEqual([
			"post /items",
			"get /items",
			"get /items/{id}",
			"put /items/{id}",
			"patch /items/{id}",
			"delete /items/{id}",
			"post /trees",
			"get /files/{path}",
			"get /shop.items/watch",
			"post /shop.items/count",
		]);
	});

	test("gives each operation its own id", () => {
		const ids = Object.values(document.paths).flatMap((verbs) =>
			Object.values(verbs).map((each) => each.operationId),
		);
		expect(new Set(ids).size).toBe(ids.length);
		expect(ids).toContain("shop.items.change.2");
	});

	test("of nothing is valid too", async () => {
		const result = await new Validator().validate({ ...openapi([], { title: "none", version: "0" }) });
		expect(result.valid).toBe(true);
	});
});

describe("a route", () => {
	test("has the fields that are not in the path as its query where it has no body", () => {
		expect(operation("/items/{id}", "get").parameters).toEqual([
			{ name: "id", in: "path", required: true, schema: { type: "string" } },
			{ name: "depth", in: "query", required: false, schema: expect.objectContaining({ type: "integer" }) },
		]);
		expect(operation("/items/{id}", "get").requestBody).toBeUndefined();
	});

	test("has the fields that are not in the path as its body", () => {
		const { parameters, requestBody } = operation("/items/{id}", "put");
		expect(parameters?.map(({ name }) => name)).toEqual(["id"]);
		expect(requestBody?.required).toBe(true);
		const schema = requestBody?.content["application/json"]?.schema;
		expect(schema?.required).toEqual(["size"]);
		expect(Object.keys(schema?.properties ?? {})).toEqual(["size"]);
	});

	test("names its parameters as the path was first written", () => {
		expect(operation("/items/{id}", "delete").parameters).toMatchObject([{ name: "id", in: "path" }]);
	});

	test("tells status, headers and output of a reply", () => {
		const { responses, summary } = operation("/items", "post");
		expect(summary).toBe("Makes an item.");
		expect(responses[201]).toMatchObject({ headers: { location: { schema: { type: "string" } } } });
		expect(responses[201]?.content?.["application/json"]?.schema).toEqual({
			$ref: "#/components/schemas/Item",
		});
		expect(document.components.schemas.Item?.required).toEqual(["id", "size"]);
		expect(operation("/items/{id}", "delete").responses[204]).toEqual({ description: "Done." });
	});

	test("tells its errors as they are answered", () => {
		const { responses } = operation("/items", "post");
		expect(responses[507]).toEqual({
			description: "`full`: no room.",
			content: { "application/json": { examples: { full: { value: { error: "no room" } } } } },
		});
		expect(responses[400]).toEqual({
			description:
				"`unparsable`: The body is not JSON. `invalid_input`: The input is not valid. `odd`: an odd size!",
			content: {
				"text/plain; charset=utf-8": {
					schema: { type: "string" },
					examples: { unparsable: { value: "Failed to parse" } },
				},
				"application/json": {
					schema: { $ref: "#/components/schemas/Error" },
					examples: {
						invalid_input: {
							value: {
								code: "invalid_argument",
								reason: "invalid_input",
								message: "The input is not valid.",
							},
						},
						odd: {
							value: {
								code: "invalid_argument",
								reason: "odd",
								message: "an odd size!",
								data: { size: 10, near: [10] },
							},
						},
					},
				},
			},
		});
		expect(Object.keys(operation("/items/{id}", "get").responses)).toEqual(["200", "400", "404", "default"]);
		expect(Object.keys(operation("/items", "get").responses)).toEqual(["200", "default"]);
	});
});

/** The document of one contract, which must be valid. */
async function documentOf<C extends AnyContract, const S>(
	contract: C,
	specs: RouteSpecs<C, S>,
	security: readonly Security[] = [],
): Promise<OpenApiDocument> {
	const made = openapi([describeContract(contract, routes(contract, specs).routes, security)], options);
	const result = await new Validator().validate(JSON.parse(JSON.stringify(made)));
	expect(result).toEqual({ valid: true });
	expect(dangling(made)).toEqual([]);
	return made;
}

describe("inputs", () => {
	const id = { id: z.string() };
	const output = z.object({});

	async function bodyOf(input: z.ZodType<{ id: string }>) {
		const Things = contract("things", { put: method({ input: input as never, output }) });
		const made = await documentOf<AnyContract, never>(Things, { put: put("/things/{id}") } as never);
		return made.paths["/things/{id}"]?.put?.requestBody;
	}

	const integer = expect.objectContaining({ type: "integer" });

	test("that are open have a body, too", async () => {
		expect(await bodyOf(z.looseObject(id))).toEqual({
			required: false,
			content: {
				"application/json": { schema: { type: "object", properties: {}, additionalProperties: {} } },
			},
		});
		expect(await bodyOf(z.object(id).catchall(z.int()))).toMatchObject({
			required: false,
			content: { "application/json": { schema: { additionalProperties: { type: "integer" } } } },
		});
		expect(await bodyOf(z.strictObject(id))).toBeUndefined();
		expect(await bodyOf(z.object(id))).toBeUndefined();
	});

	test("that are unions do not want in the body what the path has", async () => {
		const circle = z.object({ ...id, kind: z.literal("circle"), radius: z.int() });
		const square = z.object({ ...id, kind: z.literal("square"), side: z.int() }).meta({ id: "Square" });
		const body = await bodyOf(z.discriminatedUnion("kind", [circle, square]));
		expect(body?.required).toBe(true);
		expect(body?.content["application/json"]?.schema).toEqual({
			oneOf: [
				{
					type: "object",
					properties: { kind: { type: "string", const: "circle" }, radius: integer },
					required: ["kind", "radius"],
				},
				{
					type: "object",
					properties: { kind: { type: "string", const: "square" }, side: integer },
					required: ["kind", "side"],
				},
			],
		});
		expect((await bodyOf(z.union([z.object(id), circle])))?.required).toBe(false);
	});

	test("that are intersections or have a name lose what the path has as well", async () => {
		const named = z.object({ ...id, size: z.int() }).meta({ id: "Sized" });
		expect((await bodyOf(named))?.content["application/json"]?.schema).toEqual({
			type: "object",
			properties: { size: integer },
			required: ["size"],
		});
		const both = z.intersection(z.object(id), z.object({ size: z.int() }));
		expect((await bodyOf(both))?.required).toBe(true);
	});

	test("whose parts multiply are written out within bounds", () => {
		const $defs = Object.fromEntries(
			Array.from({ length: 40 }, (_, index): [string, JsonSchema] => {
				const next = { $ref: `#/$defs/D${index + 1}` };
				return [`D${index}`, index === 39 ? { type: "object" } : { allOf: [next, next] }];
			}),
		);
		const description = describeContract(contract("wide", { put: method({ input: z.object(id) }) }), []);
		const { put: wide } = description.methods;
		if (wide === undefined) throw new Error("there is no method");
		const input = { $ref: "#/$defs/D0", $defs };
		const route = {
			method: "put",
			verb: "PUT",
			path: "/{id}",
			status: 200,
			headers: {},
			errors: {},
		} as const;
		const made = openapi(
			[{ ...description, methods: { put: { ...wide, input } }, routes: [route] }],
			options,
		);
		expect(JSON.stringify(made).length).toBeLessThan(200_000);
		expect(dangling(made)).toEqual([]);
	});

	test("say how objects, records and lists stand in a query", async () => {
		const Search = contract("search", {
			find: method({
				input: z.looseObject({
					filter: z.object({ below: z.int() }).optional(),
					labels: z.record(z.string(), z.string()).optional(),
					tags: z.array(z.string()).optional(),
					points: z.array(z.object({ x: z.int() })).optional(),
					others: z.string(),
				}),
				effect: "read",
			}),
		});
		const made = await documentOf(Search, { find: get("/found") });
		const parameters = made.paths["/found"]?.get?.parameters ?? [];
		expect(parameters).toMatchObject([
			{ name: "filter", in: "query", required: false, style: "deepObject", explode: true },
			{
				name: "labels",
				in: "query",
				style: "deepObject",
				schema: { additionalProperties: { type: "string" } },
			},
			{ name: "tags", in: "query", schema: { type: "array" } },
			{ name: "points", in: "query", content: { "application/json": { schema: { type: "array" } } } },
			{ name: "others", in: "query", required: true, schema: { type: "string" } },
			{ name: "others_", in: "query", required: false, style: "form", explode: true },
		]);
		expect(parameters[2]).not.toHaveProperty("style");
	});
});

describe("schemas", () => {
	test("with names are components, each once", async () => {
		const Line = z.object({ item: Item, count: z.int() });
		const Orders = contract("orders", {
			place: method({ input: z.object({ lines: z.array(Line) }), output: Item }),
			last: method({ output: z.object({ item: Item.nullable() }), effect: "read" }),
		});
		const { components, paths } = await documentOf(Orders, { last: get("/last") });
		// An output has no further members; an input may have some.
		expect(Object.keys(components.schemas)).toEqual(["Error", "ConnectError", "Item", "Item.input"]);
		const content = paths["/orders/place"]?.post?.responses[200]?.content;
		expect(content).toEqual({ "application/json": { schema: { $ref: "#/components/schemas/Item" } } });
	});

	test("have the same names whatever order the routes have", async () => {
		const Sized = z.object({ size: z.int().default(1) }).meta({ id: "Sized" });
		const Both = contract("both", {
			put: method({ input: Sized }),
			get: method({ output: Sized, effect: "read" }),
		});
		const one = await documentOf(Both, { put: post("/put"), get: get("/get") });
		const other = await documentOf(Both, { get: get("/get"), put: post("/put") });
		expect(one.components).toEqual(other.components);
		expect(one.components.schemas.Sized).toMatchObject({ required: ["size"] });
	});

	test("of one name that are not the same are told apart", async () => {
		const named = (name: string, shape: z.ZodRawShape) =>
			contract(name, {
				get: method({ output: z.object(shape).meta({ id: "Same" }) as never, effect: "read" }),
				put: method({ input: z.object({ error: z.object(shape).meta({ id: "Error" }) }) as never }),
			});
		const contracts = [named("a", { x: z.int() }), named("b", { y: z.int() }), named("c", { x: z.int() })];
		const made = openapi(
			contracts.map((each) => describeContract(each)),
			options,
		);
		expect((await new Validator().validate(JSON.parse(JSON.stringify(made)))).valid).toBe(true);
		expect(dangling(made)).toEqual([]);
		expect(Object.keys(made.components.schemas)).toEqual([
			"Error",
			"ConnectError",
			"Same",
			"Same.output",
			"Error.input",
			"b.put.input.Error",
		]);
	});

	test("that are recursive refer to components, named or not", async () => {
		type Named = { kids: Named[] };
		const Named: z.ZodType<Named> = z.object({ kids: z.array(z.lazy(() => Named)) }).meta({ id: "Named" });
		const Trees = contract("trees", {
			plain: method({ input: Tree }),
			within: method({ input: z.object({ tree: Tree }) }),
			named: method({ input: Named }),
		});
		const { components, paths } = await documentOf(Trees, {});
		const { schemas } = components;
		expect(Object.keys(schemas)).toEqual([
			"Error",
			"ConnectError",
			"trees.plain.input",
			"trees.within.input.schema0",
			"Named",
		]);
		expect(schemas.Named).toMatchObject({
			properties: { kids: { items: { $ref: "#/components/schemas/Named" } } },
		});
		const body = paths["/trees/plain"]?.post?.requestBody;
		expect(body?.content["application/json"]?.schema).toEqual({
			$ref: "#/components/schemas/trees.plain.input",
		});
	});
});

describe("a server stream that only reads", () => {
	test("is an event stream, whose input is JSON in the query", () => {
		expect(operation("/shop.items/watch", "get")).toMatchObject({
			operationId: "shop.items.watch",
			parameters: [
				{
					name: "input",
					in: "query",
					required: true,
					content: { "application/json": { schema: { required: ["from"] } } },
				},
			],
			responses: {
				200: {
					content: {
						"text/event-stream": {
							schema: { type: "string", contentSchema: { $ref: "#/components/schemas/Item" } },
						},
					},
				},
			},
		});
	});
});

describe("what guards want", () => {
	const token = { type: "http", scheme: "bearer" } as const;
	const key = { type: "apiKey", in: "header", name: "x-key" } as const;
	const specs = { get: get("/items/{id}") };
	const security = async (guards: readonly Security[]) => {
		const { components, paths } = await documentOf(Items, specs, guards);
		return {
			schemes: components.securitySchemes,
			get: paths["/items/{id}"]?.get?.security,
			count: paths["/shop.items/count"]?.post?.security,
		};
	};

	test("is the security of each operation, but of those that are open", async () => {
		expect(await security([])).toEqual({});
		expect(await security([{ schemes: { token, key }, open: ["shop.items/count"] }])).toEqual({
			schemes: { token, key },
			get: [{ token: [] }, { key: [] }],
		});
	});

	test("of two guards, one behind the other, is one scheme of each", async () => {
		const other = { ...key, name: "x-other" };
		const guards = [{ schemes: { token, key } }, { schemes: { key: other }, open: ["shop.items/count"] }];
		expect(await security(guards)).toEqual({
			schemes: { token, key, "key.2": other },
			get: [
				{ token: [], "key.2": [] },
				{ key: [], "key.2": [] },
			],
			count: [{ token: [] }, { key: [] }],
		});
	});
});

/** References within a document that lead nowhere. */
function dangling(root: unknown): string[] {
	const found: string[] = [];
	const visit = (part: unknown): void => {
		if (typeof part !== "object" || part === null) return;
		for (const [key, inner] of Object.entries(part)) {
			if (key === "$ref" && typeof inner === "string" && !leads(root, inner)) found.push(inner);
			visit(inner);
		}
	};
	visit(root);
	return found;
}

function leads(root: unknown, reference: string): boolean {
	let place = root;
	for (const key of reference.slice(2).split("/"))
		place = (place as Record<string, unknown> | undefined)?.[key];
	return reference.startsWith("#/") && place !== undefined;
}

test("events leave the document as it is", () => {
	const methods = { list: method({ output: z.array(Item), effect: "read" }) };
	const told = event({ data: Item.extend({ at: z.string().meta({ id: "Time" }) }) });
	const document = (contract: AnyContract) =>
		openapi([describeContract(contract)], { title: "shop", version: "1" });
	const withEvents = document(contract("shop", { ...methods, told }));
	expect(withEvents).toEqual(document(contract("shop", methods)));
});
