/**
 * Returns a program with one contract of the given number of methods, a service that implements it and a client that
 * calls every method. With no methods it has the same imports, and is the baseline for comparison.
 */
export function largeProgram(methods: number): string {
	const numbers = Array.from({ length: methods }, (_, index) => index);
	return [
		'import { type Client, contract, isError, method, type Service, stream } from "@allium/core";',
		'import { z } from "zod";',
		"",
		'export const Large = contract("large", {',
		...numbers.map(specification),
		"});",
		"",
		"export const service: Service<typeof Large> = {",
		...numbers.map(handler),
		"};",
		"",
		"export async function use(large: Client<typeof Large>): Promise<void> {",
		...numbers.map(call),
		"}",
		"export { isError, method, stream, z };",
		"",
	].join("\n");
}

const isStream = (index: number): boolean => index % 5 === 4;

function specification(index: number): string {
	const output = `z.object({ v${index}: z.int(), tags: z.array(z.string()).optional() })`;
	return `	m${index}: method({
		summary: "Method ${index}.",
		input: z.object({ a${index}: z.int(), b: z.string().optional(), nested: z.object({ c: z.array(z.number()) }) }),
		output: ${isStream(index) ? `stream(${output})` : output},
		errors: { failed_${index}: { code: "out_of_range", data: z.object({ max${index}: z.int() }) } },
		effect: "read",
	}),`;
}

function handler(index: number): string {
	const result = `{ v${index}: a${index} + nested.c.length, ...(b !== undefined && { tags: [b] }) }`;
	return isStream(index)
		? `	async *m${index}({ a${index}, b, nested }, ctx) { ctx.signal; yield ${result}; },`
		: `	async m${index}({ a${index}, b, nested }) {
		if (a${index} === 0) throw Large.m${index}.error.failed_${index}({ max${index}: 1 });
		return ${result};
	},`;
}

function call(index: number): string {
	const input = `{ a${index}: ${index}, nested: { c: [1] } }`;
	return isStream(index)
		? `	for await (const { v${index} } of large.m${index}(${input})) v${index} satisfies number;`
		: `	try {
		(await large.m${index}(${input})).v${index} satisfies number;
	} catch (error) {
		if (isError(error, Large.m${index}.error.failed_${index})) error.data.max${index} satisfies number;
	}`;
}
