import { describe, expect, test } from "vitest";
import * as z from "zod";
import { contract } from "./contract.ts";
import { method } from "./method.ts";
import { stream } from "./stream.ts";

const number = z.object({ n: z.int() });

describe("a contract", () => {
	const Numbers = contract(
		"numbers",
		{
			double: method({ summary: "Doubles.", input: number, output: number, effect: "read", meta: { ui: 1 } }),
			count: method({ input: number, output: stream(number) }),
			add: method({ input: stream(number), output: number }),
			echo: method({ input: stream(number), output: stream(number) }),
		},
		{ version: "1.2.0", summary: "Arithmetic.", meta: { team: "maths" } },
	);

	test("has its methods, and nothing else, as enumerable properties", () => {
		expect(Object.keys(Numbers)).toEqual(["double", "count", "add", "echo"]);
		expect(Object.keys({ ...Numbers })).not.toContain("~allium");
	});

	test("keeps all else under ~allium", () => {
		expect(Numbers["~allium"]).toMatchObject({
			name: "numbers",
			version: "1.2.0",
			summary: "Arithmetic.",
			meta: { team: "maths" },
		});
		expect(Numbers["~allium"].methods).toEqual(Object.values(Numbers));
	});

	test("tells a method's service, name, path, docs and annotations", () => {
		expect(Numbers.double).toMatchObject({
			service: "numbers",
			name: "double",
			path: "numbers/double",
			summary: "Doubles.",
			meta: { ui: 1 },
		});
	});

	test("tells the kind of a method from its streams", () => {
		const kinds = Object.values(Numbers).map((each) => (each as { kind: string }).kind);
		expect(kinds).toEqual(["unary", "server_stream", "client_stream", "bidi_stream"]);
	});

	test("takes a method for a write unless it says otherwise", () => {
		expect(Numbers.double.effect).toBe("read");
		expect(Numbers.count.effect).toBe("write");
	});

	test("has version 0.0.0 and no annotations unless it says otherwise", () => {
		const { version, summary, meta } = contract("plain", {})["~allium"];
		expect({ version, summary, meta }).toEqual({ version: "0.0.0", summary: undefined, meta: {} });
	});

	test("cannot be changed", () => {
		const parts = [
			Numbers,
			Numbers["~allium"],
			Numbers["~allium"].methods,
			Numbers.double,
			Numbers.double.error,
		];
		expect(parts.map(Object.isFrozen)).not.toContain(false);
	});

	test("refuses a name that a transport or a registry could not carry", () => {
		expect(() => contract("a/b", {})).toThrow(TypeError);
		expect(() => contract("a", { toJSON: method({}) })).toThrow(/"toJSON" is reserved/);
	});
});

describe("what cannot be JSON is refused when the contract is made", () => {
	const loose = (spec: object) => contract("loose", { run: spec });

	test.each([
		["a date", z.object({ at: z.date() })],
		["a bigint", z.object({ n: z.bigint() })],
		["a map", z.map(z.string(), z.string())],
		["a set", z.set(z.string())],
	])("%s", (_, schema) => {
		expect(() => loose({ input: schema })).toThrow(/^loose\/run: the input cannot cross the wire as JSON/);
		expect(() => loose({ output: schema })).toThrow(/^loose\/run: the output cannot cross the wire as JSON/);
	});

	test("a message of a stream", () => {
		expect(() => loose({ output: stream(z.object({ at: z.date() })) })).toThrow(/the output cannot cross/);
	});

	test("the data of an error", () => {
		const errors = { late: { code: "aborted", data: z.object({ at: z.date() }) } };
		expect(() => loose({ errors })).toThrow(/the data of late cannot cross the wire/);
	});

	test("but not where only the handler sees it", () => {
		const at = z.codec(z.iso.datetime(), z.date(), {
			decode: (text) => new Date(text),
			encode: (date) => date.toISOString(),
		});
		expect(() => loose({ input: z.object({ at }) })).not.toThrow();
		expect(() => loose({ output: z.object({ at }) })).toThrow();
	});

	test("nor where the schema cannot tell", () => {
		expect(() => loose({ output: z.string().transform(Number) })).not.toThrow();
		expect(() => loose({ input: z.custom<string>(() => true) })).not.toThrow();
	});
});

test("a method may have another name on the wire than here", () => {
	const Users = contract("users.v1", { getUser: method({ wireName: "GetUser" }), ping: method({}) });
	expect(Users.getUser).toMatchObject({ name: "getUser", path: "users.v1/GetUser" });
	expect(Users.ping.path).toBe("users.v1/ping");
});

test("two methods of one path are refused", () => {
	const make = () => contract("users", { get: method({}), Get: method({ wireName: "get" }) });
	expect(make).toThrow(/"get" and "Get" both have the path users\/get; give one of them another wireName/);
});

test("a name on the wire is as narrow as that of a method", () => {
	expect(() => contract("users", { get: method({ wireName: "a/b" }) })).toThrow(/may have only letters/);
});
