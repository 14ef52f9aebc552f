import { Context } from "@allium/core";
import { beforeEach, expect, test, vi } from "vitest";
import { GroupCommit } from "./group-commit.ts";

const background = Context.background();
const size = { events: 1, bytes: 1 };

/** A batch that is being written. */
interface Writing {
	readonly items: readonly number[];
	end(): void;
	fail(error: Error): void;
}

let writings: Writing[];
let told: number[];
let group: GroupCommit<number, number>;

beforeEach(() => {
	writings = [];
	told = [];
	group = new GroupCommit<number, number>({
		batch: { events: 1_000, bytes: 1_000 },
		mostWaitingBytes: 1_000,
		full: () => new Error("full"),
		write: (items) =>
			new Promise((resolve, reject) => {
				writings.push({ items, end: () => resolve(items), fail: reject });
			}),
	});
});

function add(first: number, count: number): void {
	const heard = told;
	for (let item = first; item < first + count; item++) {
		group.add(item, size, background).then(
			(result) => void heard.push(result),
			() => void heard.push(-item),
		);
	}
}

function numbers(first: number, count: number): number[] {
	return Array.from({ length: count }, (_, index) => first + index);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("the few items of a turn are written together, and those that come meanwhile by the next batch", async () => {
	add(1, 20);
	await turn();
	add(21, 40);
	writings[0]?.end();
	await turn();
	expect(writings.map(({ items }) => items)).toEqual([numbers(1, 20), numbers(21, 40)]);
});

test("of many items that come together, half wait for a second batch", async () => {
	add(1, 100);
	await turn();
	writings[0]?.end();
	await turn();
	expect(writings.map(({ items }) => items)).toEqual([numbers(1, 50), numbers(51, 50)]);
});

test("the next batch is on its way before the callers of the last one hear of theirs", async () => {
	add(1, 64);
	await turn();
	const heard = group.add(65, size, background);
	writings[0]?.end();
	while (writings.length < 2) await Promise.resolve();
	expect(told).toEqual([]);
	await vi.waitFor(() => expect(told).toEqual(numbers(1, 32)));
	writings[1]?.end();
	expect(await heard).toBe(65);
	expect(told).toEqual(numbers(1, 64));
});

test("a batch that fails, fails its own items alone, and callers hear in the order of their calls", async () => {
	add(1, 64);
	await turn();
	writings[0]?.fail(new Error("lost"));
	await vi.waitFor(() => expect(writings).toHaveLength(2));
	writings[1]?.end();
	await vi.waitFor(() => expect(told).toHaveLength(64));
	expect(told).toEqual([...numbers(1, 32).map((item) => -item), ...numbers(33, 32)]);
});
