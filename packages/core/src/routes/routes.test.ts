import { describe, expect, test } from "vitest";
import * as z from "zod";
import { contract } from "../contract/contract.ts";
import { describe as describeContract } from "../contract/describe.ts";
import { method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import { Endpoints } from "../server/endpoints.ts";
import { readRoutes } from "./read-routes.ts";
import type { RouteOptions } from "./route-spec.ts";
import { del, get, patch, post, put, routes } from "./routes.ts";

const Match = z.object({ id: z.string(), size: z.int() });
const Matches = contract("matches", {
	create: method({ input: z.object({ size: z.int() }), output: Match }),
	get: method({ input: z.object({ id: z.string() }), output: Match, effect: "read" }),
	list: method({ output: z.array(Match), effect: "read" }),
	change: method({ input: z.object({ id: z.string(), size: z.int() }), output: Match }),
	remove: method({ input: z.object({ id: z.string() }) }),
	watch: method({ output: stream(Match), effect: "read" }),
});
const matches = {
	create: async () => ({ id: "1", size: 9 }),
	get: async () => ({ id: "1", size: 9 }),
	list: async () => [],
	change: async () => ({ id: "1", size: 9 }),
	remove: async () => {},
	async *watch() {},
};

const text = (body: string) => ({ type: "text/plain", body });

describe("routes", () => {
	const made = routes(
		Matches,
		{
			create: post("/matches", {
				status: 201,
				location: "/matches/{id}",
				errors: { unparsable: text("what?") },
			}),
			get: get("/matches/{id}"),
			list: get("/matches"),
			change: [put("/matches/{id}"), patch("/matches/{id}", { headers: { ETag: '"{size}"' } })],
			remove: del("/matches/{id}", { status: 204 }),
		},
		{ errors: { "*": text("no") } },
	);

	test("are plain JSON", () => {
		expect(JSON.parse(JSON.stringify(made))).toEqual(made);
		expect(made.routes.map(({ verb, path, method, status }) => [verb, path, method, status])).toEqual([
			["POST", "/matches", "create", 201],
			["GET", "/matches/{id}", "get", 200],
			["GET", "/matches", "list", 200],
			["PUT", "/matches/{id}", "change", 200],
			["PATCH", "/matches/{id}", "change", 200],
			["DELETE", "/matches/{id}", "remove", 204],
		]);
		expect(made.routes[0]).toMatchObject({
			headers: { location: "/matches/{id}" },
			errors: { "*": text("no"), unparsable: text("what?") },
		});
		expect(made.routes[4]?.headers).toEqual({ etag: '"{size}"' });
	});

	test("survive the wire", () => {
		expect(readRoutes(Matches, JSON.parse(JSON.stringify(made.routes)))).toEqual(made);
	});

	test("that came over the wire are checked", () => {
		const [first] = made.routes;
		for (const broken of [
			undefined,
			[null],
			[{}],
			[{ ...first, verb: "CONNECT" }],
			[{ ...first, method: "nothing" }],
			[{ ...first, path: "matches" }],
			[{ ...first, path: "/healthz" }],
			[{ ...first, status: "201" }],
			[{ ...first, headers: { location: "a\nb" } }],
			[{ ...first, errors: { "*": { type: "text/plain" } } }],
			[{ ...first, errors: { "*": { type: 7 } } }],
			[{ ...first, errors: { "*": { body: {} } } }],
			[{ ...first, errors: { "*": 7 } }],
		]) {
			expect(() => readRoutes(Matches, broken)).toThrow(TypeError);
		}
	});

	test("are described, and change the hash", () => {
		const described = describeContract(Matches, made.routes);
		expect(described.routes).toEqual(made.routes);
		expect(described.hash).not.toBe(describeContract(Matches).hash);
		expect(describeContract(Matches)).not.toHaveProperty("routes");
	});
});

describe("routes() refuses", () => {
	test("a method that the contract lacks", () => {
		// @ts-expect-error there is no such method
		expect(() => routes(Matches, { creat: post("/matches") })).toThrow(
			'the service "matches" has no method "creat" to route',
		);
	});

	test("a path parameter that is no property of the input", () => {
		// @ts-expect-error the input has no such property
		expect(() => routes(Matches, { get: get("/matches/{match}") })).toThrow(
			"the route GET /matches/{match} of matches/get names {match}, which is no property of the input",
		);
		// @ts-expect-error the method has no input
		expect(() => routes(Matches, { list: get("/lists/{id}") })).toThrow("no property of the input");
		// @ts-expect-error also in one of several
		expect(() => routes(Matches, { change: [put("/matches/{id}"), patch("/matches/{nr}")] })).toThrow("{nr}");
	});

	test("a header that names what the output does not have", () => {
		expect(() => routes(Matches, { create: post("/matches", { location: "/matches/{uuid}" }) })).toThrow(
			"names {uuid}, which is no property of the output",
		);
	});

	test("what other frameworks take for a parameter, with the right form", () => {
		const right: [path: string, form: string][] = [
			["/orders/:id", "{id}"],
			["/orders/:id(\\d+)", "{id}"],
			["/orders/:id?", "{id}"],
			["/orders/<id>", "{id}"],
			["/orders/[id]", "{id}"],
			["/orders/{id?}", "{id}"],
			["/files/*", "{rest+}, which is one segment or more"],
			["/files/*path", "{path+}"],
			["/files/:path*", "{path+}"],
			["/files/[...path]", "{path+}"],
			["/files/{path*}", "{path+}"],
		];
		for (const [path, form] of right) {
			const segment = path.slice(path.lastIndexOf("/") + 1);
			expect(() => get(path)).toThrow(
				`the path ${JSON.stringify(path)} has the segment ${JSON.stringify(segment)}; a parameter is written ${form}`,
			);
		}
		expect(() => get("/v1/orders:batch")).not.toThrow();
	});

	test("an error template for an unknown reason, with those that there are", () => {
		const Stock = contract("stock", {
			take: method({
				errors: { sold_out: { code: "failed_precondition" }, too_many: { code: "out_of_range" } },
			}),
			add: method({ errors: { full: { code: "resource_exhausted" } } }),
		});
		// @ts-expect-error the reason is misspelt
		expect(() => routes(Stock, { take: post("/t", { errors: { sold_ot: { status: 409 } } }) })).toThrow(
			'the route POST /t of stock/take: there is no reason "sold_ot" for the error template; declared are sold_out, too_many; the server\'s own are unparsable, invalid_input,',
		);
		// @ts-expect-error another method declares it
		expect(() => routes(Stock, { take: post("/t", { errors: { full: { status: 409 } } }) })).toThrow(
			'"full"',
		);
		// @ts-expect-error no method declares it
		expect(() => routes(Stock, {}, { errors: { ful: { status: 409 } } })).toThrow(
			'the routes of stock: there is no reason "ful" for the error template; declared are sold_out, too_many, full;',
		);
		const errors = { sold_out: { status: 410 }, invalid_input: { status: 422 }, "*": { status: 500 } };
		expect(() =>
			routes(Stock, { take: post("/t", { errors }) }, { errors: { full: { status: 507 } } }),
		).not.toThrow();
	});

	test("an error template that names data which the error does not have", () => {
		const data = z.object({ left: z.int() });
		const Stock = contract("stock", {
			take: method({
				errors: { sold_out: { code: "failed_precondition", data }, gone: { code: "not_found" } },
			}),
		});
		const made = (reason: "sold_out" | "gone" | "*", body: string) => () =>
			routes(Stock, { take: post("/t") }, { errors: { [reason]: { body } } });
		expect(made("sold_out", '{"left":{data.left},"*":"{data}"}')).not.toThrow();
		expect(made("*", '{"max":{data.max}}')).not.toThrow();
		expect(made("sold_out", '{"left":{data.max}}')).toThrow(
			'the error template "sold_out" of the route POST /t of stock/take names {data.max}, which is no property of the data of sold_out; there are left',
		);
		expect(made("gone", '{"left":"{data.max}"}')).toThrow("no property of the data of gone; it has none");
	});

	test("streams", () => {
		// @ts-expect-error REST routes are for unary methods
		expect(() => routes(Matches, { watch: get("/matches/watch") })).toThrow(
			"the route GET /matches/watch of matches/watch is for a stream (server_stream); REST routes are for unary methods",
		);
	});

	test("a GET that changes things", () => {
		// @ts-expect-error GET is for the effect read
		expect(() => routes(Matches, { create: get("/matches") })).toThrow(
			'declare effect: "read", or use post()',
		);
	});

	test("the server's own paths", () => {
		for (const path of ["/-", "/-/describe", "/healthz", "/readyz", "/metrics", "/metrics/{size}"])
			expect(() => routes(Matches, { create: post(path) })).toThrow("a path of the server itself");
		expect(() => routes(Matches, { create: post("/health") })).not.toThrow();
	});

	test("ambiguity, naming both", () => {
		expect(() =>
			routes(Matches, { get: get("/m/{id}"), change: [], list: get("/m/x"), remove: del("/m/{id}") }),
		).not.toThrow();
		expect(() => routes(Matches, { change: post("/m/{id}"), remove: post("/m/{id}") })).toThrow(
			"POST /m/{id} (matches/change) and POST /m/{id} (matches/remove)",
		);
	});

	test.each<[string, RouteOptions]>([
		["has the status 404", { status: 404 }],
		["has a header that HTTP cannot carry", { headers: { "x y": "1" } }],
		["has a header that HTTP cannot carry", { headers: { x: "a\r\nb: c" } }],
		["sets content-length", { headers: { "Content-Length": "1" } }],
		["has the status 200", { errors: { "*": { ...text(""), status: 200 } } }],
		["which is no content type", { errors: { "*": { type: "json", body: "" } } }],
		["which is no content type", { errors: { "*": { type: "text/plain\r\nx: y", body: "" } } }],
		[
			"is not JSON, which is its type; placeholders stand inside strings or in place of a value",
			{ errors: { "*": { type: "application/json", body: '{"e":{message}' } } },
		],
		["is not JSON, which is its type", { errors: { "*": { body: "no" } } }],
		["has the type text/plain, but no body", { errors: { "*": { type: "text/plain" } } }],
	])("what cannot be answered: %s", (problem, options) => {
		expect(() => routes(Matches, { create: post("/matches", options) })).toThrow(problem);
	});
});

describe("serving routes", () => {
	const Other = contract("other", { get: method({ input: z.object({ name: z.string() }), effect: "read" }) });

	test("fills the table", () => {
		const endpoints = new Endpoints();
		endpoints.serve(Matches, matches, { routes: routes(Matches, { get: get("/matches/{id}") }) });
		expect(endpoints.routes.find("GET", "/matches/7")?.value.method.path).toBe("matches/get");
		expect(endpoints.routes.of("matches")).toHaveLength(1);
		expect(endpoints.routes.of("other")).toEqual([]);
	});

	test("fails at the start where services conflict, and then serves nothing of the second", () => {
		const endpoints = new Endpoints();
		endpoints.serve(Matches, matches, { routes: routes(Matches, { get: get("/matches/{id}") }) });
		const conflicting = routes(Other, { get: [get("/fine/{name}"), get("/matches/{name}")] });
		expect(() => endpoints.serve(Other, { get: async () => {} }, { routes: conflicting })).toThrow(
			"the routes GET /matches/{id} (matches/get) and GET /matches/{name} (other/get) both match the same paths",
		);
		expect(endpoints.find("other/get")).toBeUndefined();
		expect(endpoints.routes.size).toBe(1);
	});

	test("refuses the routes of another contract", () => {
		expect(() =>
			new Endpoints().serve(Other, { get: async () => {} }, { routes: routes(Matches, {}) }),
		).toThrow('the routes given with "other" are those of "matches"');
	});

	test("refuses a route where a method is called, in either order", () => {
		const taken = "the route POST /other/get is where the method other/get is called";
		const onto = { routes: routes(Matches, { create: post("/other/get") }) };
		const first = new Endpoints();
		first.serve(Matches, matches, onto);
		expect(() => first.serve(Other, { get: async () => {} })).toThrow(taken);
		const second = new Endpoints();
		second.serve(Other, { get: async () => {} });
		expect(() => second.serve(Matches, matches, onto)).toThrow(taken);
		const beside = { routes: routes(Matches, { change: put("/other/get", {}) }) };
		expect(() => second.serve(Matches, matches, beside)).not.toThrow();
	});
});
