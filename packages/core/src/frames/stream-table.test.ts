import { describe, expect, test } from "vitest";
import { StreamTable } from "./stream-table.ts";

const entry = (id: number) => ({ stream: { id } });
const ids = (table: StreamTable<{ stream: { id: number } }>): number[] =>
	[...table.values()].map(({ stream }) => stream.id).sort((one, other) => one - other);

describe("a table of streams", () => {
	test("finds what was put in, and nothing else", () => {
		const table = new StreamTable<ReturnType<typeof entry>>();
		const [one, two] = [entry(1), entry(2)];
		table.add(one);
		table.add(two);
		expect([table.get(1), table.get(2), table.get(3), table.get(1 + 8)]).toEqual([
			one,
			two,
			undefined,
			undefined,
		]);
		expect(table.size).toBe(2);
	});

	test("forgets a deleted entry, once", () => {
		const table = new StreamTable<ReturnType<typeof entry>>();
		table.add(entry(1));
		expect([table.delete(1), table.delete(1), table.delete(9)]).toEqual([true, false, false]);
		expect([table.size, table.get(1), ids(table)]).toEqual([0, undefined, []]);
	});

	test("keeps a stream that stays while the ids go round, however often", () => {
		const table = new StreamTable<ReturnType<typeof entry>>();
		const lasting = [entry(1), entry(2), entry(7)];
		for (const each of lasting) table.add(each);
		for (let id = 8; id < 100_000; id++) {
			table.add(entry(id));
			table.delete(id);
		}
		expect(ids(table)).toEqual([1, 2, 7]);
		expect(lasting.map(({ stream }) => table.get(stream.id))).toEqual(lasting);
		for (const { stream } of lasting) table.delete(stream.id);
		expect(table.size).toBe(0);
	});

	test("holds far more at once than it has places", () => {
		const table = new StreamTable<ReturnType<typeof entry>>();
		const all = Array.from({ length: 10_000 }, (_, index) => index * 2 + 1);
		for (const id of all) table.add(entry(id));
		expect(ids(table)).toEqual(all);
		expect(all.every((id) => table.get(id)?.stream.id === id)).toBe(true);
		for (const id of all) table.delete(id);
		expect([table.size, ids(table)]).toEqual([0, []]);
	});

	test("lets its entries be deleted while it is walked through", () => {
		const table = new StreamTable<ReturnType<typeof entry>>();
		for (let id = 1; id <= 20; id++) table.add(entry(id));
		const seen: number[] = [];
		for (const { stream } of table.values()) {
			seen.push(stream.id);
			table.delete(stream.id);
		}
		expect([seen.length, table.size]).toEqual([20, 0]);
	});

	test("is empty when it was cleared, and goes on", () => {
		const table = new StreamTable<ReturnType<typeof entry>>();
		for (let id = 1; id <= 20_000; id++) table.add(entry(id));
		table.clear();
		expect([table.size, ids(table)]).toEqual([0, []]);
		table.add(entry(20_001));
		expect(ids(table)).toEqual([20_001]);
	});
});
