import { expect, test, vi } from "vitest";
import { Assembly } from "./assembly.ts";

test("memory is given up to the bound, and can be given back", () => {
	const assembly = new Assembly({ maxAssemblyBytes: 100, maxMessageBytes: 10 });
	expect(assembly.take(100)).toBe(true);
	expect(assembly.take(1)).toBe(false);
	assembly.take(-1);
	expect(assembly.take(1)).toBe(true);
});

test("as many messages may grow as half of the memory has room for; the others are told in their turn", () => {
	const assembly = new Assembly({ maxAssemblyBytes: 40, maxMessageBytes: 10 });
	const messages = Array.from({ length: 5 }, () => ({ grow: vi.fn() }));
	expect(messages.map((message) => assembly.mayGrow(message))).toEqual([true, true, false, false, false]);
	const [first, second, third, fourth, fifth] = messages as [never, never, never, never, never];
	assembly.leave(third);
	assembly.leave(second);
	assembly.leave(first);
	expect(messages.map(({ grow }) => grow.mock.calls.length)).toEqual([0, 0, 0, 1, 1]);
	assembly.leave(fourth);
	assembly.leave(fifth);
	expect(assembly.mayGrow(first)).toBe(true);
});

test("one message may grow however little memory there is", () => {
	const assembly = new Assembly({ maxAssemblyBytes: 1, maxMessageBytes: 10 });
	expect(assembly.mayGrow({ grow() {} })).toBe(true);
});
