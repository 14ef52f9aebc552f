import { expect, test } from "vitest";
import { AtOnce } from "./at-once.ts";

/** An action that ends on command. */
class Action {
	readonly end = Promise.withResolvers<string>();
	begun = false;

	readonly run = (): Promise<string> => {
		this.begun = true;
		return this.end.promise;
	};
}

function given(most: number, count: number) {
	const atOnce = new AtOnce(most);
	const actions = Array.from({ length: count }, () => new Action());
	const results = actions.map(({ run }) => atOnce.run(run).catch((error: unknown) => error));
	return { atOnce, actions, results, begun: () => actions.map(({ begun }) => begun) };
}

test("no more than the most run at once, and the next begins when one has ended", async () => {
	const { actions, results, begun } = given(2, 4);
	expect(begun()).toEqual([true, true, false, false]);
	actions[1]?.end.resolve("second");
	expect(await results[1]).toBe("second");
	expect(begun()).toEqual([true, true, true, false]);
});

test("one that fails gives its turn to the next", async () => {
	const { actions, results, begun } = given(1, 2);
	actions[0]?.end.reject("broken");
	expect(await results[0]).toBe("broken");
	expect(begun()).toEqual([true, true]);
});

test("turns that were not taken are there for later calls", async () => {
	const { atOnce, actions, results } = given(1, 1);
	actions[0]?.end.resolve("first");
	await results[0];
	expect(await atOnce.run(async () => "later")).toBe("later");
});
