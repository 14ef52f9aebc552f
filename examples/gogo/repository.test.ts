import { isError } from "@allium/core";
import { Context, memoryEventStore } from "allium";
import { describe, expect, test } from "vitest";
import { Matches } from "./contract.ts";
import { eventSourcedMatches } from "./event-sourced-matches.ts";
import { type MatchRepository, memoryMatches } from "./repository.ts";

const ctx = Context.background();
const players = [
	{ color: "black" as const, name: "ann" },
	{ color: "white" as const, name: "bob" },
];

/** The rules of every repository of matches. */
function repositorySuite(name: string, open: () => MatchRepository): void {
	describe(`repository: ${name}`, () => {
		test("a match is found as it is after a command", async () => {
			const matches = open();
			const id = crypto.randomUUID();
			await matches.carryOut("start", { id, gridsize: 9, players }, ctx);
			const after = await matches.carryOut("play", { id, player: "black", position: { x: 4, y: 4 } }, ctx);
			expect(after.game.moves).toBe(1);
			expect(await matches.find(id, ctx)).toEqual(after);
		});

		test("what the rules refuse changes nothing", async () => {
			const matches = open();
			const id = crypto.randomUUID();
			const started = await matches.carryOut("start", { id, gridsize: 9, players }, ctx);
			const refused = await matches.carryOut("pass", { id, player: "white" }, ctx).catch((error) => error);
			expect(isError(refused, Matches.pass.error.not_your_turn)).toBe(true);
			expect(await matches.find(id, ctx)).toEqual(started);
		});

		test("a match starts once: the same again is the match as it is, and another one is refused", async () => {
			const matches = open();
			const start = { id: crypto.randomUUID(), gridsize: 9 as const, players };
			await matches.carryOut("start", start, ctx);
			const move = { id: start.id, player: "black" as const, position: { x: 4, y: 4 } };
			const played = await matches.carryOut("play", move, ctx);
			const again = { ...start, players: [...players].reverse(), komi: 7.5 };
			expect(await matches.carryOut("start", again, ctx)).toEqual(played);
			const other = { ...start, gridsize: 13 as const };
			const refused = await matches.carryOut("start", other, ctx).catch((error) => error);
			expect(isError(refused, Matches.start.error.match_exists)).toBe(true);
		});

		test("there is no match that was not started", async () => {
			const matches = open();
			expect(await matches.find("none", ctx)).toBeUndefined();
			const refused = await matches
				.carryOut("resign", { id: "none", player: "black" }, ctx)
				.catch((error) => error);
			expect(isError(refused, Matches.resign.error.match_not_found)).toBe(true);
			expect(await matches.list(ctx)).toEqual([]);
		});

		test("the list has all matches, those first that started first", async () => {
			const matches = open();
			const ids = Array.from({ length: 3 }, () => crypto.randomUUID());
			for (const id of ids) {
				const { startedAt } = await matches.carryOut("start", { id, gridsize: 9, players }, ctx);
				while (Date.now() <= Date.parse(startedAt)) await new Promise(setImmediate);
			}
			expect((await matches.list(ctx)).map(({ id }) => id)).toEqual(ids);
		});
	});
}

repositorySuite("memory", memoryMatches);
repositorySuite("events", () => eventSourcedMatches(memoryEventStore()));
