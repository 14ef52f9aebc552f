import { Cause, Context } from "@allium/core";
import { memoryEventStore } from "@allium/core/memory-store";
import type { EventStore } from "@allium/core/store";
import { withCause } from "@allium/core/transport";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Account, ledger } from "./fixtures/account.ts";
import { handle } from "./handle.ts";

const a = { account: "a1" };
const background = Context.background();

let store: EventStore;
beforeEach(() => {
	store = memoryEventStore();
});
afterEach(() => store.close());

/** The context of a handler of one event, as each delivery of it has it. */
function delivered(): Context {
	return withCause(background, new Cause("0198c0de-0000-7000-8000-000000000001"));
}

describe("a command that is handled by hand", () => {
	test("comes to the state after it, the version and the position", async () => {
		expect(await handle(store, ledger, "deposit", { ...a, amount: 5 }, background)).toEqual({
			state: { open: false, balance: 5, frozen: false },
			version: 1,
			position: expect.objectContaining({ topic: "account", key: "a1" }),
		});
	});

	test("that changes nothing has no position", async () => {
		await handle(store, ledger, "freeze", a, background);
		expect(await handle(store, ledger, "freeze", a, background)).toMatchObject({
			version: 1,
			position: undefined,
		});
	});

	test("rejects with the declared error", async () => {
		await expect(handle(store, ledger, "withdraw", { ...a, amount: 5 }, background)).rejects.toMatchObject({
			reason: "insufficient_funds",
		});
	});

	test("happens once, however often the event is delivered from which it follows", async () => {
		const first = await handle(store, ledger, "deposit", { ...a, amount: 5 }, delivered());
		await handle(store, ledger, "deposit", { ...a, amount: 7 }, background);
		expect(await handle(store, ledger, "deposit", { ...a, amount: 5 }, delivered())).toEqual(first);
		expect(await handle(store, ledger, "deposit", { ...a, amount: 1 }, background)).toMatchObject({
			state: { balance: 13 },
		});
	});

	test("happens twice where one handler asks for it twice, and still so after a redelivery", async () => {
		for (const ctx of [delivered(), delivered()]) {
			await handle(store, ledger, "deposit", { ...a, amount: 5 }, ctx);
			await handle(store, ledger, "deposit", { ...a, amount: 5 }, ctx);
		}
		expect((await store.read("account/a1", {}, background)).version).toBe(2);
	});

	test("is refused after a redelivery as before, whatever happened meanwhile", async () => {
		const withdraw = () => handle(store, ledger, "withdraw", { ...a, amount: 5 }, delivered());
		await expect(withdraw()).rejects.toMatchObject({ data: { balance: 0 } });
		await handle(store, ledger, "deposit", { ...a, amount: 5 }, background);
		await expect(withdraw()).rejects.toMatchObject({ data: { balance: 0 } });
	});

	test("is one that the decider decides", async () => {
		const untyped = handle as (...given: unknown[]) => unknown;
		expect(() => untyped(store, ledger, "statement", a, background)).toThrow(
			"handle() was given statement, which the decider account does not decide",
		);
		expect(Account.statement.effect).toBe("read");
	});
});
