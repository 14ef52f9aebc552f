import { type Client, Context, isServiceError, ResponseMetadata, ServiceError } from "@allium/core";
import { memoryEventStore } from "@allium/core/memory-store";
import type { EventStore } from "@allium/core/store";
import { callIdName } from "@allium/core/transport";
import { testClient } from "@allium/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parsePosition } from "../position/position.ts";
import { commands } from "./commands.ts";
import { decider } from "./decider.ts";
import { Account, ledger, type State } from "./fixtures/account.ts";
import { otherStore } from "./fixtures/other-store.ts";

const background = Context.background();
const balance = ({ balance }: State) => ({ balance });
const a = { account: "a1" };

let store: EventStore;
let account: Client<typeof Account>;
let lines: { message: string; error?: unknown }[];

beforeEach(() => {
	store = memoryEventStore();
	account = served(ledger);
});
afterEach(async () => {
	await account[Symbol.asyncDispose]();
	await store.close();
});

/** A client of the commands of a decider. */
function served(of: typeof ledger, on: EventStore = store): Client<typeof Account> {
	lines = [];
	return testClient(
		Account,
		{ ...commands(on, of, { deposit: balance, withdraw: balance }), statement: async () => ({ balance: 0 }) },
		{ logger: { log: (_, message, fields) => void lines.push({ message, ...fields }) } },
	);
}

/** The account's commands, decided by other functions. */
function decidedBy(decide: Partial<Record<keyof typeof ledger.decide, (...given: never[]) => unknown>>) {
	const init = { id: "account", initial: ledger.initial, evolve: ledger.evolve } as const;
	return decider(Account, { ...init, decide: { ...ledger.decide, ...(decide as typeof ledger.decide) } });
}

async function eventsOf(stream = "account/a1"): Promise<string[]> {
	const { events } = await store.read(stream, {}, background);
	return events.map(({ event }) => event.type);
}

/** A context of a call with an id, as retries send it. */
function callWithId(id: string): Context {
	return background.withMetadata({ [callIdName]: id });
}

describe("a command", () => {
	test("appends what it decided to the stream of its id, and answers from the state after it", async () => {
		await account.open({ ...a, owner: "ann" });
		expect(await account.deposit({ ...a, amount: 50 })).toEqual({ balance: 50 });
		expect(await account.withdraw({ ...a, amount: 20 })).toEqual({ balance: 30 });
		expect(await eventsOf()).toEqual(["account.opened", "account.deposited", "account.withdrawn"]);
	});

	test("of another id has a stream of its own", async () => {
		await account.deposit({ account: "a2", amount: 1 });
		expect(await eventsOf()).toEqual([]);
		expect(await eventsOf("account/a2")).toEqual(["account.deposited"]);
	});

	test("that is refused appends nothing, and rejects with the declared error and its data", async () => {
		await expect(account.withdraw({ ...a, amount: 1 })).rejects.toMatchObject({
			code: "failed_precondition",
			reason: "insufficient_funds",
			data: { balance: 0 },
		});
		expect(await eventsOf()).toEqual([]);
	});

	test("that changes nothing appends nothing, and keeps nothing where the call has no id", async () => {
		await account.freeze(a);
		await account.freeze(a);
		expect(await eventsOf()).toEqual(["account.frozen"]);
	});

	test("stamps cause, correlation and metadata on its events, which the contract's name is the source of", async () => {
		const ctx = callWithId("0198c0de-0000-7000-8000-000000000001").withMetadata({
			"x-global-tenant": "acme",
		});
		await account.deposit({ ...a, amount: 1 }, ctx);
		const { events } = await store.read("account/a1", {}, background);
		expect(events[0]?.event).toMatchObject({
			source: "account",
			key: "a1",
			version: 1,
			causationId: "0198c0de-0000-7000-8000-000000000001",
			correlationId: "0198c0de-0000-7000-8000-000000000001",
			metadata: { "x-global-tenant": "acme" },
		});
	});

	test("tells the position of its last event in the metadata of the reply", async () => {
		const received = new ResponseMetadata();
		await account.deposit({ ...a, amount: 1 }, background.withResponse(received));
		const { events } = await store.read("account/a1", {}, background);
		expect(parsePosition(received.headers.get("allium-position") ?? "")).toEqual({
			log: await store.identity(background),
			topic: "account",
			lane: events[0]?.lane,
			id: events[0]?.event.id,
			key: "a1",
			cursor: events[0]?.cursor,
		});
	});

	test.each([
		["is empty", ""],
		["has NUL", "a\0b"],
		["has half a surrogate pair", "a\ud800"],
		["is too long", "é".repeat(201)],
	])("is refused when the id %s", async (_, id) => {
		await expect(account.deposit({ account: id, amount: 1 })).rejects.toMatchObject({
			code: "invalid_argument",
			reason: "invalid_id",
			message: expect.stringMatching(/^account: the id of a stream /),
		});
	});

	test.each(["__proto__", "a/b", "👍", "%_'\"", "x".repeat(400)])("may have any other id: %s", async (id) => {
		expect(await account.deposit({ account: id, amount: 1 })).toEqual({ balance: 1 });
		expect(await eventsOf(`account/${id}`)).toEqual(["account.deposited"]);
	});
});

describe("commands at the same time", () => {
	test("of one process are decided one after another", async () => {
		await Promise.all(Array.from({ length: 50 }, () => account.deposit({ ...a, amount: 1 })));
		expect(await account.deposit({ ...a, amount: 1 })).toEqual({ balance: 51 });
	});

	test("of several processes are decided again when another was first", async () => {
		await using second = served(ledger, otherStore(store));
		await account.deposit({ ...a, amount: 5 });
		const withdrawals = Array.from({ length: 20 }, (_, index) =>
			(index % 2 === 0 ? account : second).withdraw({ ...a, amount: 1 }),
		);
		const settled = await Promise.allSettled(withdrawals);
		expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(5);
		const refused = settled.filter((each) => each.status === "rejected").map(({ reason }) => reason.reason);
		expect(refused).toEqual(Array.from({ length: 15 }, () => "insufficient_funds"));
		expect(await eventsOf()).toHaveLength(6);
	});

	test("fail with aborted when others were first thirty times", async () => {
		let asked = 0;
		const contended = otherStore(store, {
			async append() {
				asked++;
				throw new ServiceError({ code: "aborted", reason: "wrong_version" });
			},
		});
		const { deposit } = commands(contended, ledger, { deposit: balance, withdraw: balance });
		await expect(deposit({ ...a, amount: 1 }, background)).rejects.toMatchObject({
			code: "aborted",
			message: expect.stringMatching(/^others wrote to the stream account\/a1 each of the 30 times/),
		});
		expect(asked).toBe(30);
	});

	test("wait no longer than their deadline for one that does not end", async () => {
		const { promise } = Promise.withResolvers<never>();
		const stuck = otherStore(store, { append: () => promise });
		const { deposit } = commands(stuck, ledger, { deposit: balance, withdraw: balance });
		const ctx = background.withTimeout(20);
		const calls = [deposit({ ...a, amount: 1 }, ctx), deposit({ ...a, amount: 1 }, ctx)];
		for (const { status } of await Promise.allSettled(calls)) expect(status).toBe("rejected");
	});
});

describe("a call that comes a second time", () => {
	const again = callWithId("0198c0de-0000-7000-8000-000000000002");

	test("has the reply of the first, and appends nothing", async () => {
		await account.deposit({ ...a, amount: 5 }, again);
		await account.deposit({ ...a, amount: 7 });
		expect(await account.deposit({ ...a, amount: 5 }, again)).toEqual({ balance: 5 });
		expect(await eventsOf()).toEqual(["account.deposited", "account.deposited"]);
	});

	test("has the position of the first", async () => {
		const [first, second] = [new ResponseMetadata(), new ResponseMetadata()];
		await account.deposit({ ...a, amount: 5 }, again.withResponse(first));
		await account.deposit({ ...a, amount: 7 });
		await account.deposit({ ...a, amount: 5 }, again.withResponse(second));
		expect(second.headers.get("allium-position")).toBe(first.headers.get("allium-position"));
	});

	test("is refused as the first was, although the state would allow it now", async () => {
		await expect(account.withdraw({ ...a, amount: 5 }, again)).rejects.toMatchObject({
			data: { balance: 0 },
		});
		await account.deposit({ ...a, amount: 5 });
		await expect(account.withdraw({ ...a, amount: 5 }, again)).rejects.toMatchObject({
			reason: "insufficient_funds",
			data: { balance: 0 },
		});
		expect(await eventsOf()).toEqual(["account.deposited"]);
	});

	test("changes nothing as the first changed nothing, although it would now", async () => {
		const unfrozen = decidedBy({
			freeze: (input: { account: string }, { balance }: State) => (balance > 0 ? Account.frozen(input) : []),
		});
		await using lazy = served(unfrozen);
		await lazy.freeze(a, again);
		await lazy.deposit({ ...a, amount: 5 });
		await lazy.freeze(a, again);
		expect(await eventsOf()).toEqual(["account.deposited"]);
	});

	test("is answered once where both attempts run at the same time", async () => {
		await using second = served(ledger, otherStore(store));
		const replies = await Promise.all([
			account.deposit({ ...a, amount: 5 }, again),
			second.deposit({ ...a, amount: 5 }, again),
		]);
		expect(replies).toEqual([{ balance: 5 }, { balance: 5 }]);
		expect(await eventsOf()).toEqual(["account.deposited"]);
	});

	test("with another input is refused, as once refuses it", async () => {
		await account.deposit({ ...a, amount: 5 }, again);
		await expect(account.deposit({ ...a, amount: 6 }, again)).rejects.toMatchObject({ reason: "key_reused" });
		expect(await eventsOf()).toEqual(["account.deposited"]);
	});

	test("of another method is another call", async () => {
		await account.deposit({ ...a, amount: 5 }, again);
		expect(await account.withdraw({ ...a, amount: 5 }, again)).toEqual({ balance: 0 });
	});

	test("is answered from the stream when the outcome is kept no longer", async () => {
		const forgetful = otherStore(store, { append: (parts, ctx) => store.append(parts, ctx) });
		await using forgotten = served(ledger, forgetful);
		await forgotten.deposit({ ...a, amount: 5 }, again);
		await forgotten.deposit({ ...a, amount: 7 });
		expect(await forgotten.deposit({ ...a, amount: 5 }, again)).toEqual({ balance: 5 });
		expect(await eventsOf()).toEqual(["account.deposited", "account.deposited"]);
	});

	test("gets the same new ids as the first", async () => {
		const ids: string[] = [];
		const curious = decidedBy({
			deposit(input: { account: string; amount: number }, _: State, { newId }: { newId(): string }) {
				ids.push(newId(), newId());
				return Account.deposited(input);
			},
		});
		await using calls = served(curious);
		await calls.deposit({ ...a, amount: 5 }, again);
		await calls.deposit({ ...a, amount: 5 }, again);
		await calls.deposit({ ...a, amount: 5 });
		expect(ids.slice(0, 2)).toEqual(ids.slice(2, 4));
		expect(new Set(ids).size).toBe(4);
	});
});

describe("a decider that is at fault appends nothing, and the log says what is wrong", () => {
	const other = { ...Account.deposited({ ...a, amount: 1 }), type: "other.happened" };
	test.each<[string, () => unknown, RegExp]>([
		[
			"throws what is no error of the method",
			() => {
				throw new TypeError("oh");
			},
			/decide\.deposit threw what account\/deposit does not declare: oh/,
		],
		[
			"throws the error of another method",
			() => {
				throw Account.open.error.exists();
			},
			/decide\.deposit threw what account\/deposit does not declare/,
		],
		[
			"returns nothing",
			() => undefined,
			/decide\.deposit returned nothing; it returns events, such as account\.opened/,
		],
		["returns a promise", async () => [], /decide\.deposit returned a promise; a decision is made at once/],
		[
			"returns an event of another contract",
			() => other,
			/returned the event other\.happened; its events are those of the contract account/,
		],
		["returns an event without its data", () => Account.deposited, /returned a function; it returns events/],
		[
			"makes an event that is not valid",
			() => Account.deposited({ ...a, amount: -1 }),
			/made an event that is not valid: invalid data for the event account\.deposited: amount/,
		],
		[
			"makes an event of another stream",
			() => Account.deposited({ account: "a2", amount: 1 }),
			/made account\.deposited with the key "a2", but its account is "a1"/,
		],
	])("when it %s", async (_, deposit, message) => {
		await using faulty = served(decidedBy({ deposit }));
		await expect(faulty.deposit({ ...a, amount: 1 })).rejects.toMatchObject({ code: "internal" });
		expect(lines).toEqual([expect.objectContaining({ message: expect.stringMatching(message) })]);
		expect(await eventsOf()).toEqual([]);
	});

	test.each<[string, () => unknown, RegExp]>([
		[
			"throws",
			() => {
				throw new Error("oh");
			},
			/evolve\.deposited threw; it takes every event that happened: oh/,
		],
		["returns nothing", () => undefined, /evolve\.deposited returned nothing; it returns the next state/],
		["returns a promise", async () => 1, /evolve\.deposited returned a promise; it returns the next state/],
	])("when evolve %s", async (_, deposited, message) => {
		const evolve = { ...ledger.evolve, deposited: deposited as typeof ledger.evolve.deposited };
		const { initial, decide } = ledger;
		await using faulty = served(decider(Account, { id: "account", initial, decide, evolve }));
		await expect(faulty.deposit({ ...a, amount: 1 })).rejects.toMatchObject({ code: "internal" });
		expect(lines).toEqual([expect.objectContaining({ message: expect.stringMatching(message) })]);
		expect(await eventsOf()).toEqual([]);
	});
});

describe("replies", () => {
	const untyped = commands as (...given: unknown[]) => unknown;

	test("are given for each command with an output", () => {
		expect(() => untyped(store, ledger, { deposit: balance })).toThrow(
			/no reply for withdraw, which has an output/,
		);
		expect(() => untyped(store, ledger, { deposit: balance, withdraw: balance, open: balance })).toThrow(
			/a reply for open, which is no command with an output/,
		);
	});

	test("that fail append nothing", async () => {
		const failing = () => {
			throw new Error("oh");
		};
		const service = {
			...commands(store, ledger, { deposit: failing, withdraw: balance }),
			statement: async () => ({ balance: 0 }),
		};
		await using calls = testClient(Account, service, { logger: { log() {} } });
		await expect(calls.deposit({ ...a, amount: 1 })).rejects.toSatisfy(isServiceError);
		expect(await eventsOf()).toEqual([]);
	});
});
