import { once } from "node:events";
import { contract, describe as describeContract, method, stream } from "@allium/core";
import { get, RouteTable, routeInput, routes } from "@allium/core/http";
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import * as z from "zod";

/** The next warning of this process. */
async function warning(): Promise<Error> {
	const [warned] = (await once(process, "warning")) as [Error];
	return warned;
}

describe("a contract whose schemas do not describe themselves", () => {
	test("is warned of where it is made, with what to install and how to wrap", async () => {
		const warned = warning();
		contract("shop", {
			add: method({ input: v.object({ n: v.number() }), output: toStandardJsonSchema(v.object({})) }),
			watch: method({ output: stream(v.object({ n: v.number() })) }),
			drop: method({ errors: { gone: { code: "not_found", data: v.object({ id: v.string() }) } } }),
		});
		expect(await warned).toMatchObject({ name: "AlliumWarning", code: "ALLIUM_UNDESCRIBED" });
		const { message } = await warned;
		expect(message).toContain(
			'The contract "shop" is described in part only, as these schemas tell no JSON Schema: the input of shop/add, the output of shop/watch, the data of gone of shop/drop.',
		);
		expect(message).toContain("install @valibot/to-json-schema");
		expect(message).toContain("toStandardJsonSchema(v.object({ … }))");
	});

	test("is told what helps where its library is another", async () => {
		const warned = warning();
		const foreign = {
			"~standard": { version: 1 as const, vendor: "home", validate: (value: unknown) => ({ value }) },
		};
		contract("home", { run: method({ input: foreign }) });
		expect((await warned).message).toContain("take a version of home that implements Standard JSON Schema");
	});

	test("is no matter where all of them do", async () => {
		const warned = warning();
		const schemas = [z.object({}), type({}), toStandardJsonSchema(v.object({}))];
		for (const input of schemas) contract("fine", { run: method({ input }) });
		contract("last", { run: method({ input: v.object({}) }) });
		expect((await warned).message).toContain('"last"');
	});
});

describe("an opaque part leaves the rest of a description", () => {
	const inputs = {
		zod: z.object({ n: z.number(), text: z.string().transform((text) => text.length) }),
		valibot: toStandardJsonSchema(
			v.object({
				n: v.pipe(
					v.number(),
					v.check((n) => n > 0),
				),
				text: v.pipe(
					v.string(),
					v.trim(),
					v.transform((text) => text.length),
				),
			}),
		),
		arktype: type({ n: "number", text: type("string").pipe((text) => text.length) }),
	};

	test.each(Object.entries(inputs))("of %s", (_, schema) => {
		const Sizes = contract("sizes", { find: method({ input: schema, output: schema, effect: "read" }) });
		const { find } = describeContract(Sizes).methods;
		expect(find?.input).toMatchObject({ properties: { n: { type: "number" }, text: { type: "string" } } });
		expect(find?.output).toMatchObject({ properties: { n: { type: "number" } } });
		// The result of a function is unknown, so that the schema says nothing of it.
		expect(find?.output).not.toHaveProperty("properties.text.type");
	});

	test.each(Object.entries(inputs))("so that REST reads numbers for %s", (_, schema) => {
		const Sizes = contract("sizes", { find: method({ input: schema, effect: "read" }) });
		const table = new RouteTable();
		table.addAll(Sizes, routes(Sizes, { find: get("/sizes/{n}") }));
		const found = table.find("GET", "/sizes/7");
		if (found === undefined) throw new Error("there is no route");
		const { value, parameters } = found;
		const input = routeInput(value.coercion, { path: parameters, query: new URLSearchParams("text=7") });
		expect(input).toEqual({ n: 7, text: "7" });
	});
});
