import { contract, event, memoryRegistry, method, ServiceError } from "@allium/core";
import { MemoryTopics, memoryBroker } from "@allium/core/log-broker";
import { memoryEventStore } from "@allium/core/memory-store";
import { workflow } from "@allium/events";
import { afterEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { createApp } from "./app.ts";
import type { App } from "./app-type.ts";

const Account = contract("account", {
	withdraw: method({
		input: z.object({ account: z.string(), amount: z.int() }),
		output: z.object({ balance: z.int() }),
		errors: { insufficient_funds: { code: "failed_precondition", data: z.object({ balance: z.int() }) } },
	}),
	deposit: method({
		input: z.object({ account: z.string(), amount: z.int() }),
		output: z.object({ balance: z.int() }),
	}),
});
const Transfer = z.object({ id: z.string(), from: z.string(), to: z.string(), amount: z.int() });
const Transfers = contract("transfers", {
	request: method({ input: Transfer, effect: "idempotent" }),
	requested: event({ key: "id", data: Transfer }),
	completed: event({ key: "id", data: z.object({ id: z.string() }) }),
});

const apps: App[] = [];
afterEach(async () => {
	await Promise.all(apps.splice(0).map((app) => app.stop()));
});

function makeApp(name: string, topics = new MemoryTopics(), registry = memoryRegistry()): App {
	const app = createApp({
		name,
		registry,
		broker: memoryBroker({ topics }),
		eventStore: memoryEventStore({ topics }),
		env: {},
		drainDelayMs: 0,
		logger: { log() {} },
	});
	apps.push(app);
	return app;
}

describe("an app with a workflow", () => {
	test("runs it for each of its start events, over calls with ids to services that others serve", async () => {
		const topics = new MemoryTopics();
		const registry = memoryRegistry();
		const balances: Record<string, number> = { a: 50, b: 0 };
		let isUp = false;
		const bank = makeApp("bank", topics, registry);
		const move = (account: string, amount: number) => {
			if (!isUp) throw new ServiceError({ code: "unavailable" });
			balances[account] = (balances[account] ?? 0) + amount;
			return { balance: balances[account] };
		};
		bank.serve(Account, {
			async withdraw({ account, amount }) {
				return move(account, -amount);
			},
			async deposit({ account, amount }) {
				return move(account, amount);
			},
		});
		await bank.start();
		const app = makeApp("transfers", topics, registry);
		const accounts = app.client(Account);
		const done: string[] = [];
		app.serve(Transfers, {
			async request(input, ctx) {
				await app.publish(Transfers.requested(input), ctx);
				return {};
			},
		});
		app.subscribe(Transfers, { completed: ({ id }) => void done.push(id) });
		app.orchestrate(
			workflow("transfer", Transfers.requested, async ({ id, from, to, amount }, run) => {
				await run.call(accounts.withdraw, { account: from, amount });
				await run.call(accounts.deposit, { account: to, amount });
				await run.publish(Transfers.completed({ id }));
			}),
		);
		await app.start();
		await app.publish(Transfers.requested({ id: "t1", from: "a", to: "b", amount: 30 }));
		isUp = true;
		await vi.waitFor(() => expect(done).toEqual(["t1"]), { timeout: 30_000 });
		expect(balances).toEqual({ a: 20, b: 30 });
	});

	test("refuses a second one of the same name, and one after its start", async () => {
		const app = makeApp("transfers");
		const nothing = workflow("nothing", Transfers.requested, async () => {});
		app.orchestrate(nothing);
		expect(() => app.orchestrate(nothing)).toThrow('"nothing" already');
		await app.start();
		expect(() => app.orchestrate(nothing)).toThrow("orchestrate() comes before start()");
		expect(() => app.every("late", { ms: 1_000 }, () => {})).toThrow("every() comes before start()");
	});
});

describe("an app with a schedule", () => {
	test("runs it when its time comes", async () => {
		const app = makeApp("reports");
		const { promise, resolve } = Promise.withResolvers<Date>();
		app.every("often", { ms: 1_000 }, ({ at }) => resolve(at));
		await app.start();
		expect((await promise).getTime() % 1_000).toBe(0);
	});

	test("refuses what cannot be run, where it is written", () => {
		const app = makeApp("reports");
		expect(() => app.every("bad", { cron: "nightly" }, () => {})).toThrow('the schedule "bad" cannot run');
		app.every("good", { ms: 1_000 }, () => {});
		expect(() => app.every("good", { ms: 1_000 }, () => {})).toThrow('two schedules of the name "good"');
	});
});
