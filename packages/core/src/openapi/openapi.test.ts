import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { contract } from "../contract/contract.ts";
import { describe as describeContract } from "../contract/describe.ts";
import { method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import { del, get, patch, post, put, routes } from "../routes/routes.ts";
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
				odd: { code: "invalid_argument", message: "an odd size!" },
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
		watch: method({ output: stream(Item), effect: "read" }),
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

	test("has the routes, and the calls of unary methods", () => {
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
			"post /shop.items/create",
			"post /shop.items/get",
			"post /shop.items/list",
			"post /shop.items/change",
			"post /shop.items/remove",
			"post /shop.items/tree",
			"post /shop.items/file",
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
	test("has what is not in the path as its query where it has no body", () => {
		expect(operation("/items/{id}", "get").parameters).toEqual([
			{ name: "id", in: "path", required: true, schema: { type: "string" } },
			{ name: "depth", in: "query", required: false, schema: expect.objectContaining({ type: "integer" }) },
		]);
		expect(operation("/items/{id}", "get").requestBody).toBeUndefined();
	});

	test("has what is not in the path as its body", () => {
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
		expect(responses[201]?.content?.["application/json"]?.schema?.required).toEqual(["id", "size"]);
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
						odd: { value: { code: "invalid_argument", reason: "odd", message: "an odd size!" } },
					},
				},
			},
		});
		expect(Object.keys(operation("/items/{id}", "get").responses)).toEqual(["200", "400", "404", "default"]);
		expect(Object.keys(operation("/items", "get").responses)).toEqual(["200", "default"]);
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
