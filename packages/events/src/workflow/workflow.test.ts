import { type Context, contract, event, ServiceError } from "@allium/core";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { callId, later, Runs } from "./fixtures/runs.ts";
import { Account, type Accounts, Transfers, transferOf } from "./fixtures/transfers.ts";
import type { Run } from "./run.ts";
import { workflow } from "./workflow.ts";

const Jobs = contract("jobs", {
	begun: event({ key: "id", data: z.object({ id: z.string() }) }),
	approved: event({ key: "id", data: z.object({ id: z.string(), by: z.string() }) }),
	paid: event({ key: "id", data: z.object({ id: z.string(), amount: z.int() }) }),
});

/** A workflow of jobs that can receive all events. */
function job(code: (run: Run, id: string) => Promise<void>, options: { version?: number } = {}) {
	return workflow("job", Jobs.begun, ({ id }, run) => code(run as Run, id), {
		receives: [Jobs.approved, Jobs.paid],
		...options,
	});
}

async function begun(runs: Runs, key = "j1"): Promise<Runs> {
	await runs.start(Jobs.begun({ id: key }), key);
	return runs;
}

const request = Transfers.requested({ id: "t1", from: "a", to: "b", amount: 30 });
const ok = async () => ({ balance: 0 });

describe("a run", () => {
	test("does its steps one after another, records what they come to, and ends", async () => {
		const called: string[] = [];
		const accounts: Accounts = {
			async withdraw({ account }) {
				called.push(`withdraw ${account}`);
				return { balance: 20 };
			},
			async deposit({ account }) {
				called.push(`deposit ${account}`);
				return { balance: 30 };
			},
		};
		const runs = new Runs(transferOf(accounts));
		await runs.start(request, "t1");
		expect(await runs.advance("t1")).toMatchObject({ status: "ended" });
		expect(called).toEqual(["withdraw a", "deposit b"]);
		expect(await runs.settled("t1")).toEqual(["withdraw", "deposit", "transfers.completed"]);
		expect(runs.published.map(({ type, data }) => [type, data])).toEqual([
			["transfers.completed", { id: "t1" }],
		]);
	});

	test("throws the declared errors of its calls into the code, which can tell them, with their data", async () => {
		const withdraw = async () => {
			throw Account.withdraw.error.insufficient_funds({ balance: 7 });
		};
		const runs = new Runs(transferOf({ withdraw, deposit: ok }));
		await runs.start(request, "t1");
		expect(await runs.advance("t1")).toMatchObject({ status: "ended" });
		expect(runs.published.map(({ data }) => data)).toEqual([{ id: "t1", reason: "only 7 there" }]);
	});

	test("gives back what a step came to as JSON, the first time as well as later", async () => {
		const seen: unknown[] = [];
		const runs = await begun(
			new Runs(
				job(async (run) => {
					seen.push(await run.step("nothing", () => {}));
					seen.push(await run.step("object", () => ({ a: [1, "__proto__", null], b: "\u{1F600}\ud800" })));
					await run.sleep("wait", 1_000);
				}),
			),
		);
		await runs.advance("j1");
		await runs.advance("j1", later);
		const value = { a: [1, "__proto__", null], b: "\u{1F600}\ud800" };
		expect(new Set(seen.map((one) => JSON.stringify(one)))).toEqual(
			new Set([undefined, JSON.stringify(value)]),
		);
	});

	test("has a clock and an id that are the same each time", async () => {
		const seen = new Set<string>();
		const runs = await begun(
			new Runs(
				job(async (run) => {
					const first = run.now();
					await run.step("one", () => 1);
					seen.add(`${run.id} ${first.toISOString()} ${run.now().toISOString()}`);
					await run.sleep("wait", 1_000);
				}),
			),
		);
		await runs.advance("j1");
		await runs.advance("j1", later);
		expect(seen.size).toBe(1);
	});

	test("has one call id for a step, whatever its input and attempts; two runs and two steps have others", async () => {
		const ids: Record<string, string[]> = {};
		let failures = 2;
		const withdraw = async (_: unknown, ctx: Context) => {
			ids.withdraw = [...(ids.withdraw ?? []), callId(ctx)];
			if (failures-- > 0) throw new ServiceError({ code: "unavailable" });
			return { balance: 1 };
		};
		const deposit = async (_: unknown, ctx: Context) => {
			ids.deposit = [...(ids.deposit ?? []), callId(ctx)];
			return { balance: 1 };
		};
		const runs = new Runs(transferOf({ withdraw, deposit }));
		await runs.start(request, "t1");
		await runs.start(Transfers.requested({ id: "t2", from: "a", to: "b", amount: 30 }), "t2");
		for (let n = 0; n < 3; n++) await runs.advance("t1", later);
		await runs.advance("t2");
		expect(ids.withdraw).toHaveLength(4);
		expect(new Set(ids.withdraw?.slice(0, 3)).size).toBe(1);
		expect(new Set([...(ids.withdraw ?? []), ...(ids.deposit ?? [])]).size).toBe(4);
	});
});

describe("trouble", () => {
	test("is tried again at a time that the journal has, until it is over", async () => {
		let failures = 20;
		const withdraw = async () => {
			if (failures-- > 0) throw new ServiceError({ code: "unavailable", message: "the bank is shut" });
			return { balance: 1 };
		};
		const runs = new Runs(transferOf({ withdraw, deposit: ok }));
		await runs.start(request, "t1");
		const state = await runs.advance("t1");
		expect(state).toMatchObject({
			status: "waiting",
			waits: [{ step: "withdraw", error: { message: "the bank is shut" } }],
		});
		for (let n = 0; n < 20; n++) await runs.advance("t1", later);
		expect(await runs.state("t1")).toMatchObject({ status: "ended" });
	});

	test("that a step throws as an error of its own parks the run after eight attempts; resumed, it has eight more", async () => {
		let attempts = 0;
		const runs = await begun(
			new Runs(
				job(async (run) => {
					await run.step("print", () => {
						attempts++;
						throw new TypeError("no paper");
					});
				}),
			),
		);
		for (let n = 0; n < 9; n++) await runs.advance("j1", later);
		expect(attempts).toBe(8);
		expect(await runs.state("j1")).toMatchObject({
			status: "parked",
			parked: { step: "print", error: { message: expect.stringContaining("no paper") } },
		});
		await runs.add("j1", { is: "resumed" });
		await runs.advance("j1");
		expect(attempts).toBe(9);
		expect(await runs.state("j1")).toMatchObject({ status: "waiting" });
	});

	test("that cannot get better parks the run at its step, and does not reach the code", async () => {
		let denied = true;
		const withdraw = async () => {
			if (denied) throw new ServiceError({ code: "permission_denied", message: "not yours" });
			return { balance: 1 };
		};
		const runs = new Runs(transferOf({ withdraw, deposit: ok }));
		await runs.start(request, "t1");
		expect(await runs.advance("t1")).toMatchObject({
			status: "parked",
			parked: { step: "withdraw", error: { code: "permission_denied", message: "not yours" } },
		});
		expect(runs.logged).toEqual([expect.stringContaining("allium workflows show")]);
		denied = false;
		await runs.add("t1", { is: "resumed" });
		expect(await runs.advance("t1")).toMatchObject({ status: "ended" });
	});

	test("of a step is its result where it cannot get better", async () => {
		const runs = await begun(
			new Runs(
				job(async (run, id) => {
					const refused = () => {
						throw new ServiceError({ code: "invalid_argument", reason: "no_paper" });
					};
					await run.step("print", refused).catch(async (error) => {
						await run.step("tell", () => error.reason);
					});
					await run.publish(Jobs.paid({ id, amount: 1 }));
				}),
			),
		);
		expect(await runs.advance("j1")).toMatchObject({ status: "ended" });
		expect(await runs.settled("j1")).toEqual(["print", "tell", "jobs.paid"]);
	});

	test("that the code throws parks the run", async () => {
		const runs = await begun(new Runs(job(() => Promise.reject(new Error("a bug")))));
		expect(await runs.advance("j1")).toMatchObject({
			status: "parked",
			parked: { error: { message: "the workflow threw: a bug" } },
		});
	});

	test("with a step that never settles ends with its timeout", async () => {
		const runs = await begun(
			new Runs(
				job(async (run) => void (await run.step("hang", () => new Promise(() => {}), { timeoutMs: 10 }))),
			),
		);
		expect(await runs.advance("j1")).toMatchObject({
			status: "waiting",
			waits: [{ step: "hang", error: { code: "deadline_exceeded" } }],
		});
	});
});

describe("waiting", () => {
	test("for a time ends no earlier, in whichever process the run goes on", async () => {
		const runs = await begun(
			new Runs(
				job(async (run) => {
					await run.sleep("night", 60_000);
					await run.step("wake", () => 1);
				}),
			),
		);
		expect(await runs.advance("j1")).toMatchObject({ status: "waiting", waits: [{ step: "night" }] });
		expect(await runs.advance("j1", Date.now() + 50_000)).toMatchObject({ status: "waiting" });
		expect(await runs.settled("j1")).toEqual([]);
		runs.deploy(runs.workflow);
		expect(await runs.advance("j1", Date.now() + 61_000)).toMatchObject({ status: "ended" });
		expect(await runs.settled("j1")).toEqual(["night", "wake"]);
	});

	test("for an event ends with its data; what came early is kept, in order, and each is received once", async () => {
		const got: string[] = [];
		const runs = await begun(
			new Runs(
				job(async (run) => {
					await run.sleep("first", 1_000);
					const one = await run.receive(Jobs.approved, { as: "one" });
					const two = await run.receive(Jobs.approved, { as: "two" });
					await run.step("note", () => void got.push(`${one.by} ${two.by}`));
				}),
			),
		);
		await runs.advance("j1");
		await runs.receive(Jobs.approved({ id: "j1", by: "ann" }), "j1");
		await runs.advance("j1");
		await runs.advance("j1", later);
		expect(await runs.state("j1")).toMatchObject({
			status: "waiting",
			waits: [{ is: "expecting", step: "two", event: "jobs.approved" }],
		});
		await runs.receive(Jobs.approved({ id: "j1", by: "bob" }), "j1");
		expect(await runs.advance("j1")).toMatchObject({ status: "ended" });
		expect(got).toEqual(["ann bob"]);
	});

	test("for an event that does not come in time ends with nothing", async () => {
		const got: unknown[] = [];
		const runs = await begun(
			new Runs(
				job(async (run) => {
					const paid = await run.receive(Jobs.paid, { withinMs: 1_000 });
					await run.step("note", () => void got.push(paid));
				}),
			),
		);
		await runs.advance("j1");
		expect(await runs.advance("j1", later)).toMatchObject({ status: "ended" });
		expect(got).toEqual([undefined]);
	});

	test.each(["event", "time"])(
		"for an event and for a time has one winner, for ever: the %s",
		async (winner) => {
			const won: string[] = [];
			const runs = await begun(
				new Runs(
					job(async (run) => {
						const first = await Promise.race([
							run.receive(Jobs.paid).then(() => "event"),
							run.sleep("patience", 1_000).then(() => "time"),
						]);
						won.push(first);
						await run.step(`after ${first}`, () => 1);
						await run.sleep("more", 1_000);
					}),
				),
			);
			await runs.advance("j1");
			if (winner === "time") await runs.advance("j1", Date.now() + 1_500);
			await runs.receive(Jobs.paid({ id: "j1", amount: 1 }), "j1");
			await runs.advance("j1", Date.now() + 1_500);
			await runs.advance("j1", later);
			expect(new Set(won)).toEqual(new Set([winner]));
			expect(await runs.state("j1")).toMatchObject({ status: "ended" });
		},
	);
});

describe("cancelling", () => {
	test("throws once into what waits, and lets the code put things right", async () => {
		const runs = await begun(
			new Runs(
				job(async (run) => {
					await run.step("book", () => 1);
					try {
						await run.receive(Jobs.approved);
					} catch (error) {
						await run.step("cancel the booking", () => String((error as Error).message));
						throw error;
					}
				}),
			),
		);
		await runs.advance("j1");
		await runs.cancel("j1", "the customer left");
		expect(await runs.advance("j1")).toMatchObject({ status: "cancelled" });
		expect(await runs.settled("j1")).toEqual(["book", "cancel the booking"]);
		expect(await runs.facts("j1")).toContainEqual(
			expect.objectContaining({ is: "settled", step: "cancel the booking", value: "the customer left" }),
		);
	});

	test("does not interrupt a step that may have had its effect: the next one throws", async () => {
		let canceling: Promise<void> | undefined;
		const runs = await begun(
			new Runs(
				job(async (run) => {
					await run.step("charge", async () => {
						canceling ??= runs.cancel("j1");
						await canceling;
						return 1;
					});
					try {
						await run.step("ship", () => 1);
					} catch {
						await run.step("pay back", () => 1);
					}
				}),
			),
		);
		expect(await runs.advance("j1")).toMatchObject({ status: "cancelled" });
		expect(await runs.settled("j1")).toEqual(["charge", "pay back"]);
	});

	test("frees a run from the step at which it is parked", async () => {
		const withdraw = async () => {
			throw new ServiceError({ code: "permission_denied" });
		};
		const runs = new Runs(transferOf({ withdraw, deposit: ok }));
		await runs.start(request, "t1");
		await runs.advance("t1");
		await runs.cancel("t1");
		expect(await runs.advance("t1")).toMatchObject({ status: "cancelled" });
	});

	test("a run that is over has no effect", async () => {
		const runs = await begun(new Runs(job(async () => {})));
		await runs.advance("j1");
		await runs.cancel("j1");
		expect(await runs.advance("j1")).toMatchObject({ status: "ended" });
	});
});

describe("restarting", () => {
	test("restarts with other data, another id and the events that it had not received, and forgets the rest", async () => {
		const seen: string[] = [];
		const Counts = contract("counts", {
			begun: event({ key: "id", data: z.object({ id: z.string(), n: z.int().default(0) }) }),
			added: event({ key: "id", data: z.object({ id: z.string() }) }),
		});
		const counting = workflow(
			"counting",
			Counts.begun,
			async ({ id, n }, run) => {
				await run.receive(Counts.added);
				await run.step("note", () => void seen.push(`${n} ${run.id}`));
				if (n < 2) return run.restart({ id, n: n + 1 });
			},
			{ receives: [Counts.added] },
		);
		const runs = new Runs(counting);
		await runs.start(Counts.begun({ id: "c1" }), "c1");
		await runs.advance("c1");
		for (let n = 0; n < 3; n++) await runs.receive(Counts.added({ id: "c1" }), "c1");
		expect(await runs.advance("c1")).toMatchObject({ status: "ended" });
		expect(seen.map((text) => text.split(" ")[0])).toEqual(["0", "1", "2"]);
		expect(new Set(seen).size).toBe(3);
		expect((await runs.facts("c1"))[0]).toMatchObject({ is: "restarted", generation: 2 });
		await runs.store.dropSnapshots(undefined, runs.ctx);
		expect((await runs.facts("c1"))[0]).toMatchObject({ is: "restarted", generation: 2 });
	});
});

describe("code that cannot be run twice is found at once", () => {
	test.each([
		["chance", async (run: Run) => void (await run.step(`step ${Math.random()}`, () => 1))],
		[
			"memory of its own",
			async (run: Run) => {
				memory.count++;
				await run.step("one", () => 1);
				await run.step(`two ${memory.count}`, () => 1);
			},
		],
	])("%s", async (_, code) => {
		const runs = await begun(new Runs(job(code)));
		expect(await runs.advance("j1")).toMatchObject({
			status: "parked",
			parked: { error: { message: expect.stringContaining("ran again with the same journal") } },
		});
	});

	test("input and output outside of steps", async () => {
		const runs = await begun(
			new Runs(
				job(async () => {
					await new Promise((resolve) => setTimeout(resolve, 50));
				}),
			),
		);
		expect(await runs.advance("j1")).toMatchObject({
			status: "parked",
			parked: { error: { message: expect.stringContaining("awaits something that is not a step") } },
		});
	});

	test("two steps of one name", async () => {
		const runs = await begun(
			new Runs(
				job(async (run) => {
					await run.step("one", () => 1);
					await run.step("one", () => 2);
				}),
			),
		);
		expect(await runs.advance("j1")).toMatchObject({
			status: "parked",
			parked: { error: { message: expect.stringContaining('two steps named "one"') } },
		});
	});

	test("a result that is no JSON", async () => {
		const runs = await begun(new Runs(job(async (run) => void (await run.step("big", () => 1n)))));
		expect(await runs.advance("j1")).toMatchObject({
			status: "parked",
			parked: { step: "big", error: { message: expect.stringContaining("is no JSON") } },
		});
	});
});

const memory = { count: 0 };
