import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Editor } from "./editor.ts";

/** A contract, a service that fulfils it and a caller, each a package. */
const editor = new Editor(join(import.meta.dirname, "shop"), "@shop", [
	"contract",
	"service",
	"caller",
	"customer",
	"subscriber",
	"wrong-schema",
	"wrong-routes",
	"wrong-service",
	"wrong-event",
]);

/** The places that name the method `take`, with its name left out. */
const takes = (name: string): string[] => [
	`contract: ${name}: method({`,
	`service: async ${name}({ pieces }, ctx) {`,
	`service: if (pieces > 9) throw Stock.${name}.error.too_few({ left: 9 });`,
	`service: ${name}: post("/stock/{article}/taken", { errors: { too_few: { status: 409 } } }),`,
	`caller: const { left } = await stock.${name}({ article: "book", pieces });`,
	`caller: if (isError(error, Stock.${name}.error.too_few)) return error.data.left;`,
	`caller: if (isError(error, Stock.${name}.error.closed)) return 0;`,
];

test("the packages have no errors", () => {
	for (const file of ["contract", "service", "caller", "customer", "subscriber"]) {
		expect(editor.errors(file)).toEqual([]);
	}
});

describe.each([
	["a call", "caller", "stock.|take({"],
	["a handler", "service", "async |take("],
	["a route", "service", "|take: post"],
	["a method of the contract as a value", "caller", "Stock.|take.error"],
	["the declaration", "contract", "|take: method"],
])("on %s", (_, file, cursor) => {
	test("go to definition leads to the declaration in the contract", () => {
		expect(editor.definition(file, cursor)).toContain("contract: take: method({");
	});

	test("hover shows the doc comment of the declaration", () => {
		expect(editor.hover(file, cursor).docs).toBe("Takes pieces from the shelf.");
	});

	test("find references lists every package", () => {
		expect(editor.references(file, cursor)).toEqual(takes("take"));
	});

	test("rename writes every package", () => {
		expect(editor.rename(file, cursor, "remove")).toEqual(takes("remove"));
	});
});

describe("on a declared error", () => {
	const throws = (name: string): string[] => [
		`contract: ${name}: { code: "failed_precondition", data: z.object({ left: z.int() }) },`,
		`service: if (pieces > 9) throw Stock.take.error.${name}({ left: 9 });`,
		`caller: if (isError(error, Stock.take.error.${name})) return error.data.left;`,
	];

	test("go to definition leads to the declaration in the contract", () => {
		expect(editor.definition("caller", "error.|too_few")).toEqual(throws("too_few").slice(0, 1));
	});

	test("hover shows the doc comment of the declaration", () => {
		const docs = "Fewer pieces are left than were asked for.";
		expect(editor.hover("caller", "error.|too_few").docs).toBe(docs);
	});

	test("find references lists every package", () => {
		expect(editor.references("caller", "error.|too_few")).toEqual(throws("too_few"));
	});

	test("rename writes every package", () => {
		expect(editor.rename("caller", "error.|too_few", "scarce")).toEqual(throws("scarce"));
	});
});

/** The places that name the event `sold`, with its name left out. */
const sales = (name: string): string[] => [
	`contract: ${name}: event({`,
	`service: return Stock.${name}({ article });`,
	`subscriber: async ${name}({ article, pieces }) {`,
	`subscriber: export const type: string = Stock.${name}.type;`,
];

describe.each([
	["an event that is made", "service", "Stock.|sold("],
	["a handler of an event", "subscriber", "async |sold("],
	["an event of the contract as a value", "subscriber", "Stock.|sold.type"],
	["the declaration of an event", "contract", "|sold: event"],
])("on %s", (_, file, cursor) => {
	test("go to definition leads to the declaration in the contract", () => {
		expect(editor.definition(file, cursor)).toEqual(sales("sold").slice(0, 1));
	});

	test("hover shows the doc comment of the declaration", () => {
		expect(editor.hover(file, cursor).docs).toBe("Pieces were sold.");
	});

	test("find references lists every package", () => {
		expect(editor.references(file, cursor)).toEqual(sales("sold"));
	});

	test("rename writes every package", () => {
		expect(editor.rename(file, cursor, "bought")).toEqual(sales("bought"));
	});
});

describe("of a contract that is installed as a build", () => {
	test("the declarations are those that the compiler makes", () => {
		const published = readFileSync(join(import.meta.dirname, "shop/published/index.d.ts"), "utf8");
		expect(editor.declarations("contract")).toBe(published);
	});

	test.each([
		["a call", "stock.|take({", "Takes pieces from the shelf.", "published/index.d.ts: readonly take:"],
		[
			"a declared error",
			"error.|too_few",
			"Fewer pieces are left than were asked for.",
			"published/index.d.ts: readonly too_few:",
		],
		["a handler of an event", "|sold: (", "Pieces were sold.", "published/index.d.ts: readonly sold:"],
	])("%s shows the docs and leads to the declaration", (_, cursor, docs, declaration) => {
		expect(editor.hover("customer", cursor).docs).toBe(docs);
		expect(editor.definition("customer", cursor)).toEqual([expect.stringContaining(declaration)]);
	});
});

describe("hover shows plain shapes", () => {
	test.each([
		[
			"a call",
			"caller",
			"stock.|take({",
			"take: (input: { article: string; pieces: number; }, ctx?: Context) => Promise<{ left: number; }>",
		],
		[
			"a call of a stream",
			"caller",
			"stock.|watch({",
			"watch: (input: { below: number; }, ctx?: Context) => AsyncIterable<{ article: string; }>",
		],
		[
			"a route",
			"service",
			"|take: post",
			'take?: RouteSpec<"article" | "pieces", "too_few" | "closed" | RuntimeReason, Verb> | readonly RouteSpec<"article" | "pieces", "too_few" | "closed" | RuntimeReason, Verb>[]',
		],
		[
			"a handler",
			"service",
			"async |take(",
			"take: (input: { article: string; pieces: number; }, ctx: Context) => Promise<{ left: number; }>",
		],
		[
			"an event that is made",
			"service",
			"Stock.|sold(",
			'sold: EventType (data: { article: string; pieces?: number | undefined; }) => EventValue<"sold", { article: string; pieces?: number | undefined; }>',
		],
		[
			"a handler of an event",
			"subscriber",
			"async |sold(",
			"sold?: (data: { article: string; pieces: number; }, ctx: Context) => Promise<void> | void",
		],
	])("for %s", (_, file, cursor, shape) => {
		expect(editor.hover(file, cursor).shape).toBe(shape);
	});
});

describe("the first line of a message names the property at fault", () => {
	test.each([
		["since: z.date()", "input.since is a Date"],
		["on: z.date()", "output.deliveries[].on is a Date"],
		["pieces: z.bigint()", "output.pieces is a bigint"],
		["seen: z.set(", "errors.late.data.seen is a Set"],
		["input: z.map(", "input is a Map"],
		["input: Chain", "input.at is a Date"],
		["output: z.array(", "output[] is undefined"],
		["bytes: z.instanceof", "input.bytes is bytes"],
		["run: z.custom", "input.run is a function"],
	])("for a schema with %s", (code, fault) => {
		const messages = editor.errors("wrong-schema").filter(([line]) => line.includes(code));
		expect(messages).toEqual([
			[expect.anything(), expect.stringContaining(`"${fault}, which JSON cannot carry"`)],
		]);
	});

	test.each([
		[
			"GET on a method that is not read",
			'take: get("',
			'"take has the effect write; GET is for the effect read"',
		],
		["GET beside others", "take: [", '"take has the effect write; GET is for the effect read"'],
		["a stream", "watch: get", '"watch is a stream; REST routes are for unary methods"'],
		["a method that is not there", "give: post", "'give' does not exist"],
		["an event", "sold: put", "'sold' does not exist"],
		["a parameter that is not in the input", '"/stock/{sku}', '"take has no {sku} in its input"'],
		["an error that is not declared", "too_many", '"take declares no error too_many"'],
	])("for a route of %s", (_, code, fault) => {
		const messages = editor.errors("wrong-routes").filter(([line]) => line.includes(code));
		expect(messages).toEqual([[expect.anything(), expect.stringContaining(fault)]]);
	});

	test.each([
		["one that has other methods", "(Stock, other)", 'Misfit<"count is missing" | "take is missing"'],
		["one whose types differ", "(Stock, wrong)", 'Misfit<"count has other types">'],
	])("for a service: %s", (_, code, fault) => {
		const messages = editor.errors("wrong-service").filter(([line]) => line.includes(code));
		expect(messages).toEqual([[expect.anything(), expect.stringContaining(fault)]]);
	});

	test.each([
		[
			"a key that is no string",
			'key: "pieces"',
			"pieces is not a string in the data, so it cannot be the key",
		],
		["a key that may be missing", 'key: "to"', "to is not a string in the data, so it cannot be the key"],
		["a key that is not there", 'key: "color"', "color is not a string in the data, so it cannot be the key"],
		["a date", "z.date()", "data.since is a Date, which JSON cannot carry"],
		["a schema that transforms a part", "lines: ", "data.lines[].cents is transformed;"],
		["a schema that transforms", "transform(Number)", "data is transformed;"],
		["an upcast that returns too little", '({ article: "book" })', "'() => { article: string; }'"],
		["an upcast from no earlier version", "{ 3: ", "'3' does not exist in type"],
		["an upcast to the first version", "{ 0: ", "there is no version before 1 to upcast from"],
		["wrong data", 'pieces: "one"', "Type 'string' is not assignable to type 'number'"],
		["an event that is called on a client", "client.sold", "Property 'sold' does not exist on type 'Client<"],
		["an event that is served", "...stock, async sold", "'sold' does not exist in type 'Service<"],
		["an event in a service", "async take() {}, async sold", "'sold' does not exist in type 'Service<"],
		["a handler for no event", "async withdrew", "'withdrew' does not exist in type"],
		["a handler for a method", "{ async take() {} });", "'take' does not exist in type"],
		["handlers for no event", "(Stock, typo)", 'Misfit<"soled is no event of the contract">'],
		["handlers with other data", "(Stock, wrong)", 'Misfit<"sold has other types">'],
		["a handler that reads what is not there", "({ color })", "Property 'color' does not exist on type '{"],
		[
			"an object of handlers for no event",
			"async withdrawn",
			"'withdrawn' does not exist in type 'Handlers<",
		],
	])("for an event: %s", (_, code, fault) => {
		const messages = editor.errors("wrong-event").filter(([line]) => line.includes(code));
		expect(messages).toEqual([[expect.anything(), expect.stringContaining(fault)]]);
	});
});
