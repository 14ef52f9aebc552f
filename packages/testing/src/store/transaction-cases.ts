import type { EventStore, StoreTransaction } from "@allium/core/store";
import { expect } from "vitest";
import { accountEvent, accountEvents, idsOf, part, streamName, topicName } from "./account-event.ts";
import type { EventStoreCase } from "./store-case.ts";
import { append, background, readStream, readTopicOf, topicOf, wrongVersion } from "./store-lab.ts";

/** Several operations in one transaction. */
export const transactionCases: readonly EventStoreCase[] = [
	{
		title: "what a transaction appends and publishes is there together, and its result is handed out",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			await append(left, part([accountEvent("before")]));
			const [result, receipts] = await left.transaction(async (tx) => {
				const first = await tx.append(part(accountEvents("a", 2), { expected: 1 }));
				const second = await tx.append(part([accountEvent("b")], { expected: 3 }));
				const other = await tx.append(part([accountEvent("c")], { stream: "account/a2", expected: "none" }));
				const published = await tx.publish(topicName, [accountEvent("published", { key: streamName })]);
				return [[first.version, second.version, other.version], published] as const;
			}, background);
			expect(result).toEqual([3, 4, 1]);
			expect(idsOf(await readStream(right))).toEqual(["before", "a-0", "a-1", "b"]);
			expect(idsOf(await readStream(right, "account/a2"))).toEqual(["c"]);
			await readTopicOf(lab, right, 6);
			const [receipt = expect.unreachable()] = receipts;
			const cursor = await (await topicOf(right)).place(receipt, background);
			const [placed] = await (await topicOf(right)).get([{ lane: receipt.lane, cursor }], background);
			expect(placed?.event.id).toBe("published");
		},
	},
	{
		title: "a transaction whose work fails is rolled back whole",
		async run(lab) {
			const store = await lab.open();
			await append(store, part([accountEvent("before")]));
			const failing = store.transaction(async (tx) => {
				await tx.append(part(accountEvents("a", 2)));
				await tx.append(part([accountEvent("b")], { stream: "account/a2" }));
				await tx.publish(topicName, [accountEvent("published")]);
				throw new Error("no money");
			}, background);
			await expect(failing).rejects.toThrow("no money");
			expect(idsOf(await readStream(store))).toEqual(["before"]);
			expect(await readStream(store, "account/a2")).toEqual([]);
			await append(store, part([accountEvent("after")], { expected: 1 }));
			expect(idsOf(await readTopicOf(lab, store, 2))).toEqual(["before", "after"]);
		},
	},
	{
		title: "a refused append in a transaction refuses it whole",
		async run(lab) {
			const store = await lab.open();
			const refused = store.transaction(async (tx) => {
				await tx.append(part(accountEvents("a", 2)));
				await tx.append(part([accountEvent("b")], { expected: "none" }));
			}, background);
			await expect(refused).rejects.toMatchObject(wrongVersion(2));
			expect(await readStream(store)).toEqual([]);
		},
	},
	{
		title: "transactions recognise what comes again",
		async run(lab) {
			const store = await lab.open();
			await append(store, part([accountEvent("1")]));
			const again = await store.transaction(async (tx) => {
				const appended = await tx.append(part([accountEvent("1")], { expected: "none" }));
				const [published] = await tx.publish(topicName, [accountEvent("1", { key: streamName })]);
				return [appended.duplicate, appended.version, published?.duplicate];
			}, background);
			expect(again).toEqual([true, 1, true]);
			expect(await readTopicOf(lab, store, 1)).toHaveLength(1);
		},
	},
	{
		title: "16 transactions at once on one stream are all there, one after another",
		timeoutMs: 180_000,
		async run(lab) {
			const stores = await Promise.all(Array.from({ length: 4 }, () => lab.open()));
			const racing = Array.from({ length: 16 }, (_, index) => {
				const store = stores[index % stores.length] ?? expect.unreachable();
				return store.transaction(async (tx) => {
					const { version } = await tx.append(part([accountEvent(`${index}-first`)]));
					const second = await tx.append(part([accountEvent(`${index}-second`)]));
					expect(second.version).toBe(version + 1);
				}, background);
			});
			await Promise.all(racing);
			const ids = idsOf(await readStream(stores[0] ?? expect.unreachable()));
			expect(new Set(ids).size).toBe(32);
			for (let index = 0; index < ids.length; index += 2)
				expect(ids[index + 1]).toBe(ids[index]?.replace("first", "second"));
		},
	},
	{
		title: "what a transaction has not committed is seen by nobody else",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			let seen: Promise<readonly unknown[]> = Promise.resolve([]);
			await left.transaction(async (tx) => {
				await tx.append(part([accountEvent("1")]));
				// It is called within the transaction and awaited only afterwards, because the work of a transaction awaits
				// nothing else.
				seen = readStream(right);
				await tx.append(part([accountEvent("2")]));
			}, background);
			expect((await seen).length).toBeOneOf([0, 2]);
			expect(await readStream(right)).toHaveLength(2);
		},
	},
	{
		title:
			"a work that awaits something else is refused with a sentence, or commits whole, and delays nobody",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			const { promise: elsewhere, resolve: goOn } = Promise.withResolvers<void>();
			const slow = left
				.transaction(async (tx) => {
					await tx.append(part([accountEvent("slow-1")], { stream: "account/slow" }));
					await elsewhere;
					await tx.append(part([accountEvent("slow-2")], { stream: "account/slow" }));
				}, background)
				.then(
					() => "committed",
					(error: unknown) => error,
				);
			await append(right, part([accountEvent("1")]));
			goOn();
			const outcome = await slow;
			if (outcome === "committed") expect(await readStream(right, "account/slow")).toHaveLength(2);
			else {
				expect(outcome).toMatchObject({
					code: "failed_precondition",
					message: expect.stringMatching(/awaits?\b/),
				});
				expect(await readStream(right, "account/slow")).toEqual([]);
			}
			expect(await readStream(right)).toHaveLength(1);
		},
	},
	{
		title: "a transaction that has ended refuses what is asked of it",
		async run(lab) {
			const store = await lab.open();
			let ended: StoreTransaction | undefined;
			await store.transaction(async (tx) => {
				ended = tx;
			}, background);
			const late = ended ?? expect.unreachable();
			const refused = { code: "failed_precondition" };
			await expect(late.append(part([accountEvent("1")]))).rejects.toMatchObject(refused);
			await expect(late.publish(topicName, [accountEvent("1")])).rejects.toMatchObject(refused);
			await expect(late.sql`SELECT 1`).rejects.toMatchObject(refused);
			expect(await readStream(store)).toEqual([]);
		},
	},
	{
		title: "a store without SQL refuses it with a sentence",
		async run(lab, skip) {
			const store = await lab.open();
			if ((await store.features(background)).sql) return skip("this store has SQL");
			const refused = store.transaction((tx) => tx.sql`SELECT 1`, background);
			await expect(refused).rejects.toMatchObject({ code: "failed_precondition", reason: "not_offered" });
		},
	},
	{
		title: "SQL and events commit together and roll back together",
		async run(lab, skip) {
			const store = await lab.open();
			if (!(await withSums(store))) return skip("this store has no SQL");
			await store.transaction(async (tx) => {
				await tx.sql`INSERT INTO suite_sums (account, total) VALUES (${"a1"}, ${5})`;
				await tx.append(part([accountEvent("1")]));
			}, background);
			const failing = store.transaction(async (tx) => {
				await tx.append(part([accountEvent("2")]));
				await tx.sql`UPDATE suite_sums SET total = total + ${10} WHERE account = ${"a1"}`;
				throw new Error("no money");
			}, background);
			await expect(failing).rejects.toThrow("no money");
			expect(await sums(store)).toEqual([["a1", 5]]);
			expect(idsOf(await readStream(store))).toEqual(["1"]);
		},
	},
	{
		title:
			"SQL that repeats a unique value is told as such, without the address of the server, and nothing is appended",
		async run(lab, skip) {
			const store = await lab.open();
			if (!(await withSums(store))) return skip("this store has no SQL");
			const insert = (id: string): Promise<void> =>
				store.transaction(async (tx) => {
					await tx.append(part([accountEvent(id)]));
					await tx.sql`INSERT INTO suite_sums (account, total) VALUES (${"a1"}, ${1})`;
				}, background);
			await insert("1");
			await expect(insert("2")).rejects.toMatchObject({
				code: "already_exists",
				reason: "not_unique",
				message: expect.stringMatching(
					/^a row with these values is there already: (?!.*(127\.0\.0\.1|localhost))/,
				),
			});
			expect(idsOf(await readStream(store))).toEqual(["1"]);
			expect(await sums(store)).toEqual([["a1", 1]]);
		},
	},
	{
		title: "values of SQL are never a part of its text",
		async run(lab, skip) {
			const store = await lab.open();
			if (!(await withSums(store))) return skip("this store has no SQL");
			const hostile = "'; DROP TABLE suite_sums; -- 🧅 $1 ? :x";
			await store.transaction(
				(tx) => tx.sql`INSERT INTO suite_sums (account, total) VALUES (${hostile}, ${1})`,
				background,
			);
			expect(await sums(store)).toEqual([[hostile, 1]]);
		},
	},
	{
		title: "wrong SQL is refused, and nothing is appended",
		async run(lab, skip) {
			const store = await lab.open();
			if (!(await withSums(store))) return skip("this store has no SQL");
			const wrong = store.transaction(async (tx) => {
				await tx.append(part([accountEvent("1")]));
				await tx.sql`INSERT INTO no_such_table VALUES (${1})`;
			}, background);
			await expect(wrong).rejects.toThrow("no_such_table");
			expect(await readStream(store)).toEqual([]);
		},
	},
	{
		title: "sums that 8 writers keep beside their events equal the sums of the events",
		timeoutMs: 180_000,
		async run(lab, skip) {
			const stores = [await lab.open(), await lab.open()];
			const store = stores[0] ?? expect.unreachable();
			if (!(await withSums(store))) return skip("this store has no SQL");
			await store.transaction(
				(tx) => tx.sql`INSERT INTO suite_sums (account, total) VALUES (${"a1"}, ${0})`,
				background,
			);
			const writing = Array.from({ length: 8 }, async (_, writer) => {
				for (let count = 0; count < 10; count++) {
					const amount = writer + count;
					const work = async (tx: StoreTransaction): Promise<void> => {
						await tx.sql`UPDATE suite_sums SET total = total + ${amount} WHERE account = ${"a1"}`;
						await tx.append(part([accountEvent(`${writer}-${count}`, { data: amount })]));
						if (amount % 4 === 3) throw new Error("undone");
					};
					const done = stores[writer % 2]?.transaction(work, background);
					if (amount % 4 === 3) await expect(done).rejects.toThrow("undone");
					else await done;
				}
			});
			await Promise.all(writing);
			const events = await readStream(store);
			const total = events.reduce((sum, { event }) => sum + Number(event.data), 0);
			expect(total).toBeGreaterThan(0);
			expect(await sums(store)).toEqual([["a1", total]]);
		},
	},
];

/** Makes a table in the store's database. False where the store has no SQL. */
async function withSums(store: EventStore): Promise<boolean> {
	if (!(await store.features(background)).sql) return false;
	await store.transaction(
		(tx) => tx.sql`CREATE TABLE suite_sums (account TEXT PRIMARY KEY, total INTEGER NOT NULL)`,
		background,
	);
	return true;
}

async function sums(store: EventStore): Promise<readonly (readonly [unknown, number])[]> {
	const rows = await store.transaction(
		(tx) => tx.sql`SELECT account, total FROM suite_sums ORDER BY account`,
		background,
	);
	return rows.map(({ account, total }) => [account, Number(total)]);
}
