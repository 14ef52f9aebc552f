import { expect, test } from "vitest";
import { timesFrom } from "./times-from.ts";

test("a variable says how often, and without it the default does", () => {
	expect(timesFrom("GAMES", 300, { GAMES: "100000" })).toBe(100_000);
	expect(timesFrom("GAMES", 300, { GAMES: "" })).toBe(300);
	expect(timesFrom("GAMES", 300, {})).toBe(300);
});

test.each(["many", "0", "-1", "1.5", "Infinity"])(
	"%s is refused, because nothing would be tried",
	(given) => {
		expect(() => timesFrom("GAMES", 300, { GAMES: given })).toThrow(
			`GAMES is "${given}"; it takes a whole number from 1 on`,
		);
	},
);
