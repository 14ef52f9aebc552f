import { Context, contract, event, method } from "@allium/core";
import { memoryEventStore } from "@allium/core/memory-store";
import type { EventStore, OwnedEventStore } from "@allium/core/store";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { decider } from "./decider.ts";
import { Account, ledger } from "./fixtures/account.ts";
import { otherStore } from "./fixtures/other-store.ts";
import { handle } from "./handle.ts";
import { load } from "./load.ts";

const a = { account: "a1" };
const background = Context.background();

let store: EventStore;
let lines: string[];
beforeEach(() => {
	lines = [];
	const owner: OwnedEventStore["owner"] = {
		name: "bank",
		logger: { log: (_, message) => void lines.push(message) },
		keeps() {},
	};
	store = otherStore(memoryEventStore(), { owner } as Partial<OwnedEventStore>);
});
afterEach(() => store.close());

async function deposit(times: number, of = ledger): Promise<void> {
	for (let time = 0; time < times; time++)
		await handle(store, of, "deposit", { ...a, amount: 1 }, background);
}

describe("the state of a stream", () => {
	test("is the initial one without events", async () => {
		expect(await load(store, ledger, "a1", background)).toEqual({ state: ledger.initial, version: 0 });
	});

	test("is folded from all events, however many pages they are", async () => {
		await deposit(25);
		const paged = otherStore(store, {
			read: (stream, range, ctx) => store.read(stream, { ...range, limit: 10 }, ctx),
		});
		expect(await load(paged, ledger, "a1", background)).toMatchObject({
			state: { balance: 25 },
			version: 25,
		});
	});

	test("is that of a version that is asked for", async () => {
		await deposit(5);
		expect(await load(store, ledger, "a1", background, { at: 3 })).toMatchObject({
			state: { balance: 3 },
			version: 3,
		});
		expect(await load(store, ledger, "a1", background, { at: 0 })).toMatchObject({
			state: { balance: 0 },
			version: 0,
		});
		expect(await load(store, ledger, "a1", background, { at: 9 })).toMatchObject({ version: 5 });
	});
});

describe("snapshots", () => {
	const init = {
		id: "account",
		initial: ledger.initial,
		decide: ledger.decide,
		evolve: ledger.evolve,
	} as const;
	const every = decider(Account, { ...init, snapshotEvery: 4 });

	/** The store, which tells from which versions streams are read. */
	function watched(): { store: EventStore; reads: (number | undefined)[] } {
		const reads: (number | undefined)[] = [];
		const read: EventStore["read"] = (stream, range, ctx) => {
			reads.push(range.after);
			return store.read(stream, range, ctx);
		};
		return { store: otherStore(store, { read }), reads };
	}

	async function snapshotAt(version: number, reader = "account@1"): Promise<void> {
		await vi.waitFor(async () => {
			expect(await store.snapshot("account/a1", reader, background)).toMatchObject({ version });
		});
	}

	test("come after every so many events, and spare the reading of those before", async () => {
		await deposit(9, every);
		await snapshotAt(8);
		const { store: seen, reads } = watched();
		expect(await load(seen, every, "a1", background)).toMatchObject({ state: { balance: 9 }, version: 9 });
		expect(reads).toEqual([8]);
	});

	test("change nothing: the state with them is that without", async () => {
		await deposit(9, every);
		await snapshotAt(8);
		expect(await load(store, every, "a1", background)).toEqual(await load(store, ledger, "a1", background));
		await store.dropSnapshots(undefined, background);
		expect(await load(store, every, "a1", background)).toEqual(await load(store, ledger, "a1", background));
	});

	test("are not used for a version before them", async () => {
		await deposit(9, every);
		await snapshotAt(8);
		expect(await load(store, every, "a1", background, { at: 3 })).toMatchObject({ state: { balance: 3 } });
	});

	test("of an older version of the decider are left aside", async () => {
		await deposit(4, every);
		await snapshotAt(4);
		const cents = decider(Account, {
			...init,
			evolve: {
				...ledger.evolve,
				deposited: (state, { amount }) => ({ ...state, balance: state.balance + amount * 100 }),
			},
			snapshotEvery: 4,
			version: 2,
		});
		expect(await load(store, cents, "a1", background)).toMatchObject({ state: { balance: 400 } });
	});

	test("that are damaged are left aside, which the log tells", async () => {
		await deposit(5, every);
		await store.saveSnapshot(
			{ stream: "account/a1", reader: "account@1", version: 5, text: "{" },
			background,
		);
		expect(await load(store, every, "a1", background)).toMatchObject({ state: { balance: 5 }, version: 5 });
		expect(await load(store, every, "a1", background)).toMatchObject({ state: { balance: 5 } });
		expect(lines).toEqual([expect.stringMatching(/^a snapshot cannot be read, and is left aside/)]);
	});

	test("of events that are gone after a restore are left aside", async () => {
		await deposit(2, every);
		await store.saveSnapshot(
			{ stream: "account/a1", reader: "account@1", version: 9, text: "{}" },
			background,
		);
		expect(await load(store, every, "a1", background)).toMatchObject({ state: { balance: 2 }, version: 2 });
	});

	test("of a state that is no JSON are told in the log, and nothing else", async () => {
		const Dates = contract("dates", {
			add: method({ input: z.object({ id: z.string() }) }),
			added: event({ key: "id", data: z.object({ id: z.string() }) }),
		});
		const dates = decider(Dates, {
			id: "id",
			initial: new Date(0),
			decide: { add: (input) => Dates.added(input) },
			evolve: { added: () => new Date(1) },
			snapshotEvery: 1,
		});
		await handle(store, dates, "add", { id: "a" }, background);
		await vi.waitFor(() => expect(lines).toEqual(["a snapshot could not be saved"]));
	});
});

describe("a stream with events that this process cannot read", () => {
	/** The contract of a newer instance. */
	const Newer = contract("account", {
		close: method({ input: z.object({ account: z.string() }) }),
		closed: event({ key: "account", data: z.object({ account: z.string() }) }),
		deposited: event({
			key: "account",
			version: 2,
			data: z.object({ account: z.string(), cents: z.int() }),
			upcast: { 1: ({ account, amount }) => ({ account, cents: amount * 100 }) },
		}),
	});
	const newer = decider(Newer, {
		id: "account",
		initial: 0,
		decide: {
			close: ({ account }) => [Newer.closed({ account }), Newer.deposited({ account, cents: 1 })],
		},
		evolve: { closed: (cents) => cents, deposited: (before, { cents }) => before + cents },
	});

	test("of an unknown type is refused by a sentence that names stream, version and event", async () => {
		await handle(store, newer, "close", a, background);
		await expect(load(store, ledger, "a1", background)).rejects.toMatchObject({
			code: "failed_precondition",
			reason: "unknown_event",
			message:
				"the stream account/a1 cannot be read at its version 1: the contract account has no event account.closed; update this service, or declare the event again if it was removed",
		});
	});

	test("of a newer version is refused by a sentence, too", async () => {
		const partly = otherStore(store, {
			append: ([part], ctx) => store.append(part ? [{ ...part, events: part.events.slice(1) }] : [], ctx),
		});
		await handle(partly, newer, "close", a, background);
		await expect(handle(store, ledger, "deposit", { ...a, amount: 1 }, background)).rejects.toMatchObject({
			code: "failed_precondition",
			reason: "unknown_version",
			message: expect.stringMatching(
				/^the stream account\/a1 cannot be read at its version 1: the event account\.deposited .* of version 2, .*update this service$/,
			),
		});
	});

	test("of an older version is upcast", async () => {
		await deposit(2);
		expect(await load(store, newer, "a1", background)).toEqual({ state: 200, version: 2 });
	});
});
