import { type Context, contract, event, isError, ServiceError } from "@allium/core";
import { memoryEventStore } from "@allium/core/memory-store";
import type { EventStore } from "@allium/core/store";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { callId, later, Runs } from "./fixtures/runs.ts";
import { Account, type Accounts, Transfers } from "./fixtures/transfers.ts";
import { workflow } from "./workflow.ts";

const Months = contract("months", {
	begun: event({ key: "id", data: z.object({ id: z.string(), month: z.int() }) }),
});

/** A process that ends at a moment: nothing that it does later has an effect, and it hears of nothing. */
class Process {
	readonly store: EventStore;
	isDead = false;
	#left: number;

	/** @param moments how many moments it lives. */
	constructor(store: EventStore, moments: number) {
		this.#left = moments;
		this.store = {
			...bound(store),
			append: async (parts, ctx, outcome) => {
				this.moment();
				const appended = await store.append(parts, ctx, outcome);
				this.moment();
				return appended;
			},
		};
	}

	/** A moment at which the process may end. */
	moment(): void {
		if (this.isDead || this.#left-- <= 0) {
			this.isDead = true;
			throw new Error("the process has ended");
		}
	}
}

function bound(store: EventStore): EventStore {
	const methods = ["read", "snapshot", "saveSnapshot", "append"] as const;
	return Object.fromEntries(methods.map((name) => [name, store[name].bind(store)])) as unknown as EventStore;
}

/** Accounts that do each thing once: they know the ids of calls. */
class Bank implements Accounts {
	readonly balances: Record<string, number> = { a: 100, b: 0 };
	readonly calls: string[] = [];
	readonly #done = new Set<string>();
	process: Process | undefined;

	withdraw = async ({ account, amount }: { account: string; amount: number }, ctx: Context) =>
		this.#once("withdraw", account, -amount, ctx);

	deposit = async ({ account, amount }: { account: string; amount: number }, ctx: Context) =>
		this.#once("deposit", account, amount, ctx);

	#once(what: string, account: string, amount: number, ctx: Context): { balance: number } {
		this.process?.moment();
		const id = `${what} ${callId(ctx)}`;
		if (!Object.hasOwn(this.balances, account)) throw Account.deposit.error.closed();
		if (!this.#done.has(id)) {
			this.balances[account] = (this.balances[account] ?? 0) + amount;
			this.#done.add(id);
			this.calls.push(what);
		}
		this.process?.moment();
		return { balance: this.balances[account] ?? 0 };
	}
}

/** With a wait, two steps at once, an event, a race, and a way back. */
function transferOf(bank: Bank) {
	return workflow(
		"transfer",
		Transfers.requested,
		async ({ id, from, to, amount }, run) => {
			const approved = await run.receive(Transfers.approved, { withinMs: 60_000 });
			await Promise.all([
				run.call(bank.withdraw, { account: from, amount }),
				run.step("note", () => approved?.by ?? "nobody"),
			]);
			await Promise.race([run.sleep("pause", 1_000), run.sleep("longer pause", 2_000)]);
			try {
				await run.call(bank.deposit, { account: to, amount });
			} catch (error) {
				if (!isError(error, Account.deposit.error.closed)) throw error;
				await run.call(bank.deposit, { account: from, amount }, { as: "give back" });
			}
			await run.publish(Transfers.completed({ id }));
		},
		{ receives: [Transfers.approved] },
	);
}

/** Runs a transfer in processes that each end after some moments. Returns how it ended. */
async function transferred(to: string, moments: number) {
	const bank = new Bank();
	const runs = new Runs(transferOf(bank), { store: memoryEventStore(), isCompared: false });
	await runs.start(Transfers.requested({ id: "t1", from: "a", to, amount: 30 }), "t1");
	await runs.receive(Transfers.approved({ id: "t1", by: "ann" }), "t1", "approval");
	let processes = 0;
	for (; (await runs.state("t1")).status !== "ended"; processes++) {
		// Each lives a little longer than the one before, so that the run comes to an end.
		const process = new Process(runs.store, moments + processes);
		bank.process = process;
		await runs
			.executorOf(runs.workflow, process.store)
			.advance("t1", later, runs.ctx)
			.catch(() => {});
		bank.process = undefined;
		if (processes > 100) throw new Error("it does not come to an end");
	}
	const settled = (await runs.settled("t1")).sort();
	return { balances: bank.balances, calls: bank.calls.sort(), settled, processes };
}

describe("a run whose process ends", () => {
	test.each(["b", "c"])(
		"before or after each step, again and again, comes to the same end: to %s",
		async (to) => {
			const { processes: _, ...whole } = await transferred(to, 1_000);
			expect(Object.values(whole.balances).reduce((sum, one) => sum + one, 0)).toBe(100);
			for (let moments = 0; moments < 40; moments++) {
				const { processes, ...crashed } = await transferred(to, moments);
				expect([moments, crashed]).toEqual([moments, whole]);
				if (moments < 10) expect(processes).toBeGreaterThan(1);
			}
		},
	);
});

describe("two executors of one run", () => {
	test("write one journal, with each result once, and do each thing once", async () => {
		for (let round = 0; round < 20; round++) {
			const bank = new Bank();
			const runs = new Runs(transferOf(bank), { isCompared: false });
			await runs.start(Transfers.requested({ id: "t1", from: "a", to: "b", amount: 30 }), "t1");
			await runs.receive(Transfers.approved({ id: "t1", by: "ann" }), "t1", "approval");
			const executors = [1, 2, 3].map(() => runs.executorOf(runs.workflow));
			await Promise.all(executors.map((executor) => executor.advance("t1", later, runs.ctx)));
			expect(await runs.state("t1")).toMatchObject({ status: "ended" });
			const settled = await runs.settled("t1");
			expect(new Set(settled).size).toBe(settled.length);
			expect(bank.balances).toEqual({ a: 70, b: 30 });
			const ends = (await runs.facts("t1")).filter(({ is }) => is === "ended");
			expect(ends).toHaveLength(1);
		}
	});

	test("restart it once: the slower one goes on with the new beginning", async () => {
		const slow = Promise.withResolvers<void>();
		const begun: number[] = [];
		const code = (meanwhile: Promise<void>) =>
			workflow("monthly", Months.begun, async ({ id, month }, run) => {
				begun.push(month);
				await run.step("bill", async () => {
					if (month === 1) await meanwhile;
				});
				if (month < 2) return run.restart({ id, month: month + 1 });
			});
		const runs = new Runs(code(Promise.resolve()), { isCompared: false });
		await runs.start(Months.begun({ id: "m1", month: 1 }), "m1");
		const slower = runs.executorOf(code(slow.promise)).advance("m1", 0, runs.ctx);
		await runs.advance("m1");
		slow.resolve();
		await slower;
		expect(await runs.facts("m1")).toMatchObject([
			{ is: "restarted", generation: 1 },
			{ is: "settled", step: "bill" },
			{ is: "ended" },
		]);
		expect(begun).toEqual([1, 1, 2]);
	});

	test("agree on the results of one of them", async () => {
		let n = 0;
		const got: unknown[] = [];
		const once = workflow("transfer", Transfers.requested, async (_, run) => {
			const value = await run.step("draw", async () => {
				await new Promise((resolve) => setImmediate(resolve));
				return n++;
			});
			got.push(value);
			await run.sleep("pause", 1_000);
		});
		const runs = new Runs(once, { isCompared: false });
		await runs.start(Transfers.requested({ id: "t1", from: "a", to: "b", amount: 30 }), "t1");
		const executors = [1, 2].map(() => runs.executorOf(runs.workflow));
		await Promise.all(executors.map((executor) => executor.advance("t1", 0, runs.ctx)));
		expect(n).toBe(2);
		expect(new Set(got).size).toBe(1);
	});
});

describe("a store in trouble", () => {
	test("that answers nothing to an append that it took is asked again, and nothing is there twice", async () => {
		const bank = new Bank();
		const inner = memoryEventStore();
		let n = 0;
		const store: EventStore = {
			...bound(inner),
			async append(parts, ctx, outcome) {
				const appended = await inner.append(parts, ctx, outcome);
				if (n++ % 2 === 0) throw new ServiceError({ code: "unavailable" });
				return appended;
			},
		};
		const runs = new Runs(transferOf(bank), { store: inner, isCompared: false });
		await runs.start(Transfers.requested({ id: "t1", from: "a", to: "b", amount: 30 }), "t1");
		await runs.executorOf(runs.workflow, store).advance("t1", later, runs.ctx);
		expect(await runs.state("t1")).toMatchObject({ status: "ended" });
		const settled = await runs.settled("t1");
		expect(new Set(settled).size).toBe(settled.length);
		expect(bank.calls).toEqual(["withdraw", "deposit"]);
	});
});
