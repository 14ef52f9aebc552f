import {
	Context,
	contract,
	delivery,
	event,
	isServiceError,
	type LogLevel,
	memoryRegistry,
	method,
	type Registry,
} from "@allium/core";
import type { Broker } from "@allium/core/event";
import { memoryBroker } from "@allium/core/log-broker";
import { memoryEventStore, memoryViewStore } from "@allium/core/memory-store";
import type { EventStore } from "@allium/core/store";
import { commands, decider, documents, fold, handle } from "@allium/events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import type { Adapter } from "../config/backends.ts";
import { createApp } from "./app.ts";
import type { App, AppOptions } from "./app-type.ts";

const Deposit = z.object({ account: z.string(), amount: z.int() });
const Account = contract("account", {
	deposit: method({ input: Deposit }),
	deposited: event({ key: "account", data: Deposit }),
	noted: event({ key: "account", private: true, data: z.object({ account: z.string() }) }),
});
const ledger = decider(Account, {
	id: "account",
	initial: 0,
	decide: { deposit: (input) => [Account.deposited(input), Account.noted({ account: input.account })] },
	evolve: { deposited: (balance, { amount }) => balance + amount, noted: (balance) => balance },
});
const background = Context.background();

let registry: Registry;
let store: EventStore;
let broker: Broker;
let lines: { level: LogLevel; message: string; fields: Readonly<Record<string, unknown>> }[];
const apps: App[] = [];

beforeEach(() => {
	registry = memoryRegistry();
	store = memoryEventStore();
	broker = memoryBroker();
	lines = [];
});
afterEach(async () => {
	await Promise.all(apps.splice(0).map((app) => app.stop()));
	await Promise.all([broker.close(), store.close()]);
});

function makeApp(name: string, options: Partial<AppOptions> = {}): App {
	const logger = {
		log: (level: LogLevel, message: string, fields = {}) => void lines.push({ level, message, fields }),
	};
	const given = { name, registry, broker, eventStore: store, env: {}, drainDelayMs: 0, logger, ...options };
	const app = createApp(given);
	apps.push(app);
	return app;
}

function makeBank(options: Partial<AppOptions> = {}): App {
	const bank = makeApp("bank", options);
	bank.serve(Account, commands(bank.events, ledger));
	return bank;
}

const deposit = (app: App, amount: number) => app.client(Account).deposit({ account: "a1", amount });

describe("the event store of an app", () => {
	test("keeps the events of its commands, which the app is the source of", async () => {
		const bank = makeBank();
		await bank.start();
		await deposit(bank, 5);
		const { events } = await store.read("account/a1", {}, background);
		expect(events.map(({ event }) => [event.type, event.source])).toEqual([
			["account.deposited", "bank"],
			["account.noted", "bank"],
		]);
	});

	test("is told at the start, and is part of health", async () => {
		const bank = makeBank({ env: { PORT: "0" } });
		await bank.start();
		expect(lines.find(({ message }) => message === "bank is ready")?.fields).toMatchObject({
			events: "memory:",
		});
		const { checks } = await readiness(bank);
		expect(checks).toEqual(
			expect.arrayContaining([expect.objectContaining({ name: "event-store", ok: true })]),
		);
	});

	test("is not opened where nothing uses it", async () => {
		const opened = vi.fn();
		const adapters = { none: async (): Promise<Adapter> => ({ eventStore: opened }) };
		const app = makeApp("other", { eventStore: "none:", adapters });
		await app.start();
		expect(opened).not.toHaveBeenCalled();
	});

	test("is opened at its first use, by the URL that ALLIUM_EVENTS names", async () => {
		const adapters = { mine: async (): Promise<Adapter> => ({ eventStore: async () => store }) };
		const app = makeApp("other", { eventStore: undefined, adapters, env: { ALLIUM_EVENTS: "mine:" } });
		expect(await app.events.identity(background)).toBe(await store.identity(background));
	});

	test("that an adapter does not have is told by a sentence", async () => {
		const adapters = { mine: async (): Promise<Adapter> => ({ broker: async () => broker }) };
		const app = makeApp("other", { eventStore: "mine:", adapters });
		await expect(app.events.identity(background)).rejects.toMatchObject({
			code: "failed_precondition",
			message:
				'eventStore is mine:, but the adapter for "mine:" URLs has no event store, only a broker; set the option eventStore to another backend, such as sqlite:',
		});
	});
});

test("events of a contract come from its commands alone: publishing them is refused by a sentence", async () => {
	const bank = makeBank();
	await bank.start();
	const published = bank.publish(Account.deposited({ account: "a1", amount: 5 }), background);
	await expect(published).rejects.toSatisfy(isServiceError);
	await expect(published).rejects.toMatchObject({
		code: "permission_denied",
		message: expect.stringMatching(
			/^the events of "account" come from the event store of bank, by its commands;/,
		),
	});
});

describe("the relay", () => {
	test("forwards public events to a broker elsewhere, in order and under their own ids", async () => {
		const handled: { amount: number; id: string }[] = [];
		const other = makeApp("other");
		other.subscribe(Account, {
			deposited: ({ amount }, ctx) => void handled.push({ amount, id: delivery(ctx)?.id ?? "" }),
		});
		await other.start();
		const bank = makeBank();
		await bank.start();
		for (const amount of [1, 2, 3]) await deposit(bank, amount);
		await vi.waitFor(() => expect(handled.map(({ amount }) => amount)).toEqual([1, 2, 3]));
		const { events } = await store.read("account/a1", {}, background);
		const ids = events.filter(({ event }) => event.type === "account.deposited").map(({ event }) => event.id);
		expect(handled.map(({ id }) => id)).toEqual(ids);
	});

	test("keeps private events in the store", async () => {
		const bank = makeBank();
		await bank.start();
		await deposit(bank, 1);
		await vi.waitFor(async () => {
			const topic = await broker.log?.find("account", background);
			const places = (await topic?.at("start", background)) ?? new Map();
			const page = await topic?.read(places, { events: 10, bytes: 1_000_000 }, background);
			expect(page?.events.map(({ event }) => event.type)).toEqual(["account.deposited"]);
		});
	});

	test("forwards what was appended before it began, and what a broker in trouble refused", async () => {
		const bank = makeBank({ broker: { ...refusing(2), parking: broker.parking } });
		await commands(bank.events, ledger).deposit({ account: "a1", amount: 7 }, background);
		await bank.start();
		await vi.waitFor(async () => {
			const topic = await broker.log?.find("account", background);
			const behind = await topic?.behind(await topic.at("start", background), background);
			expect([...(behind?.values() ?? [])].reduce((sum, { events }) => sum + events, 0)).toBe(1);
		});
	});

	test("forwards what a service of its own appends by hand, though nobody knows of it before", async () => {
		const bank = makeApp("bank");
		const { events } = bank;
		bank.serve(Account, {
			deposit: async (input, ctx) => void (await handle(events, ledger, "deposit", input, ctx)),
		});
		await bank.start();
		await deposit(bank, 1);
		await vi.waitFor(async () => {
			const topic = await broker.log?.find("account", background);
			const behind = await topic?.behind(await topic.at("start", background), background);
			expect([...(behind?.values() ?? [])].reduce((sum, { events }) => sum + events, 0)).toBe(1);
		});
	});

	test("goes on where it was when the process begins again, also with a store that was given as an object", async () => {
		const first = makeBank();
		await first.start();
		await deposit(first, 1);
		await vi.waitFor(async () => expect(await forwarded()).toEqual([1]));
		await first.stop();
		await broker.close();
		broker = memoryBroker();
		const second = makeBank();
		await second.start();
		await deposit(second, 2);
		await vi.waitFor(async () => expect(await forwarded()).toEqual([2]));
	});

	test("of a store that keeps no state of groups is forgotten, and that is told", async () => {
		const bank = makeBank({ eventStore: Object.assign(memoryEventStore(), { state: undefined }) });
		await bank.start();
		expect(lines.find(({ level }) => level === "warn")?.message).toMatch(
			/^the event store that was given keeps no state of groups/,
		);
	});

	test("is a group with health of its own", async () => {
		const bank = makeBank();
		await bank.start();
		const { checks } = await readiness(bank);
		expect(checks).toEqual(expect.arrayContaining([expect.objectContaining({ name: "account/relay" })]));
	});
});

/** The amounts of the deposits that the broker has. */
async function forwarded(): Promise<readonly unknown[]> {
	const topic = await broker.log?.find("account", background);
	const places = (await topic?.at("start", background)) ?? new Map();
	const page = await topic?.read(places, { events: 10, bytes: 1_000_000 }, background);
	return page?.events.map(({ event }) => (event.data as { readonly amount: number }).amount) ?? [];
}

async function readiness(app: App): Promise<{ checks: unknown }> {
	const url = app.addresses.find((address) => address.startsWith("http"));
	return (await (await fetch(`${url}/readyz`)).json()) as { checks: unknown };
}

/** The broker, which refuses so many publications at first. */
function refusing(times: number): Omit<Broker, "parking"> {
	let left = times;
	return {
		open: async (name, options, ctx) => {
			const topic = await broker.open(name, options, ctx);
			const publish: typeof topic.publish = async (events, publishing) => {
				if (left-- > 0) throw new Error("out of order");
				return topic.publish(events, publishing);
			};
			return { ...topic, publish };
		},
		consume: (spec, deliver, ctx) => broker.consume(spec, deliver, ctx),
		close: () => broker.close(),
	};
}

test("a view takes events of the store and events of the broker, which are two logs", async () => {
	const Owner = contract("owner", {
		named: event({ key: "account", data: z.object({ account: z.string(), name: z.string() }) }),
	});
	const statement = documents(
		"statement",
		{ version: 1, initial: { name: "", balance: 0 } },
		fold(Account, {
			deposited: (document, { amount }) => ({ ...document, balance: document.balance + amount }),
		}),
		fold(Owner, { named: (document, { name }) => ({ ...document, name }) }),
	);
	const bank = makeBank({ viewStore: memoryViewStore(), publishes: [Owner] });
	const reader = bank.project(statement);
	await bank.start();
	await deposit(bank, 5);
	const [receipt] = await bank.publish(Owner.named({ account: "a1", name: "ann" }), background);
	await reader.reached({ topic: "owner", ...(receipt ?? expect.unreachable()) }, background);
	await vi.waitFor(async () =>
		expect(await reader.get("a1", background)).toEqual({ name: "ann", balance: 5 }),
	);
	await deposit(bank, 2);
	await vi.waitFor(async () =>
		expect(await reader.get("a1", background)).toEqual({ name: "ann", balance: 7 }),
	);
});
