import { describe, expect, test, vi } from "vitest";
import { sha256 } from "../encoding/sha256.ts";
import { Cause, causeOf, effectName, withCause } from "./cause.ts";
import { Context } from "./context.ts";

vi.mock(import("../encoding/sha256.ts"), async (original) => {
	const actual = await original();
	return { sha256: vi.fn(actual.sha256) };
});

const event = "018f4e2a-1b2c-7def-8123-456789abcdef";
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A cause that comes again: a redelivery. */
const cause = () => new Cause(event);
const charge = { player: "p1", amount: 5 };

describe("a context", () => {
	test("has no cause unless it was given one", () => {
		expect(causeOf(Context.background())).toBeUndefined();
	});

	test("hands its cause on to the contexts derived from it", () => {
		const given = cause();
		const ctx = withCause(Context.background(), given);
		expect(causeOf(ctx.withTimeout(5).withMetadata({ a: "1" }).withoutCancel())).toBe(given);
	});

	test("may name the effect that comes next", () => {
		expect(Context.background().withValue(effectName, "deposit").get(effectName)).toBe("deposit");
	});
});

describe("a cause", () => {
	test("is the first of all where no other is told", () => {
		expect(cause().correlationId).toBe(event);
		expect(new Cause(event, "order-7").correlationId).toBe("order-7");
	});

	test("gives an operation a UUID that begins with its own time", () => {
		const { id } = cause().begin("players/charge", charge);
		expect(id).toMatch(uuid);
		expect(id.slice(0, 13)).toBe(event.slice(0, 13));
	});

	test("gives the same ids when it comes again, whatever the order of different operations", () => {
		const [first, second] = [cause(), cause()];
		const ids = ["a", "b", "c"].map((player) => first.begin("players/charge", { player }).id);
		const again = ["c", "a", "b"].map((player) => second.begin("players/charge", { player }).id);
		expect(again).toEqual([ids[2], ids[0], ids[1]]);
	});

	test.each<[string, Cause, string, unknown, string?]>([
		["cause", new Cause("another"), "players/charge", charge],
		["path", cause(), "players/reward", charge],
		["input", cause(), "players/charge", { player: "p1", amount: 6 }],
		["name", cause(), "players/charge", charge, "deposit"],
		["handler", new Cause(event, event, "rewards"), "players/charge", charge],
	])("gives another id for another %s", (_, other, path, input, name) => {
		const { id } = cause().begin("players/charge", charge);
		expect(other.begin(path, input, name).id).not.toBe(id);
	});

	test("does not ask in which order the members of an input stand", () => {
		const { id } = cause().begin("players/charge", { amount: 5, player: "p1" });
		expect(cause().begin("players/charge", charge).id).toBe(id);
	});

	test("does not ask for the input of an operation that has a name", () => {
		const { id } = cause().begin("players/charge", { at: 1 }, "deposit");
		expect(cause().begin("players/charge", { at: 2 }, "deposit").id).toBe(id);
	});

	test.each([[undefined], [{ at: new Date(0) }], [{ amount: 5n }], [{ bytes: new Uint8Array([1, 2]) }]])(
		"takes an input that JSON has no form for: %o",
		(input) => {
			expect(cause().begin("players/charge", input).id).toBe(cause().begin("players/charge", input).id);
		},
	);
});

describe("equal operations of one cause", () => {
	/** Two in a row. */
	function two({ begin = (of: Cause) => of.begin("players/charge", charge) } = {}): string[] {
		const one = cause();
		return [begin(one).id, begin(one).id];
	}

	test("have different ids, the same in each run", () => {
		const ids = two();
		expect(new Set(ids).size).toBe(2);
		expect(two()).toEqual(ids);
	});

	test("do so with a name, too", () => {
		const begin = (of: Cause) => of.begin("players/charge", charge, "deposit");
		expect(new Set(two({ begin })).size).toBe(2);
	});

	test("have the same id when the one before has failed, and may not have happened", () => {
		const one = cause();
		const first = one.begin("players/charge", charge);
		first.failed();
		expect(one.begin("players/charge", charge).id).toBe(first.id);
	});

	test("take the place of the one of several that failed", () => {
		const one = cause();
		const [first, second, third] = [1, 2, 3].map(() => one.begin("players/charge", charge));
		third?.failed();
		first?.failed();
		first?.failed();
		const next = [1, 2, 3].map(() => one.begin("players/charge", charge).id);
		expect(next.slice(0, 2)).toEqual([first?.id, third?.id]);
		expect([first?.id, second?.id, third?.id]).not.toContain(next[2]);
	});

	test("are forgotten after 10,000 others, those first that were not asked for longest", () => {
		const one = cause();
		const old = one.begin("players/charge", charge).id;
		const used = one.begin("players/charge", { player: "used" }).id;
		for (let index = 0; index < 9_998; index++) one.begin("players/charge", { index });
		expect(one.begin("players/charge", { player: "used" }).id).not.toBe(used);
		one.begin("players/charge", { index: "one more" });
		expect(one.begin("players/charge", charge).id).toBe(old);
	});
});

test("refuses a different operation whose id is the same, because an effect would be lost", () => {
	const one = cause();
	const id = one.begin("players/charge", charge).id;
	const [head] = [
		sha256(JSON.stringify([event, "players/charge"]) + JSON.stringify({ amount: 5, player: "p1" })),
	];
	vi.mocked(sha256).mockReturnValueOnce(`${head.slice(0, 19)}${"f".repeat(45)}`);
	expect(() => one.begin("players/charge", { amount: 500 })).toThrow(
		expect.objectContaining({
			code: "invalid_argument",
			reason: "id_collision",
			message: `players/charge would have the id ${id}, which a different operation of the same handler has; its input was made so`,
		}),
	);
});
