import { spec } from "@allium/testing";
import { describe, test } from "vitest";
import { Matches } from "./contract.ts";
import { match } from "./match.ts";

const id = "m1";
const began = new Date("2026-01-01T12:00:00.000Z");
const at = began.toISOString();
const players = [
	{ color: "black" as const, name: "ann" },
	{ color: "white" as const, name: "bob" },
];
const black = { id, player: "black" as const };
const white = { id, player: "white" as const };
const started = Matches.started({
	id,
	started_at: at,
	gridsize: 9,
	players,
	komi: 7.5,
	scoring: "area",
});
const passed = [Matches.passed({ ...black, at }), Matches.passed({ ...white, at })];

describe("a match", () => {
	test("starts with the komi of its way of counting", () => {
		spec(match)
			.when("start", { id, gridsize: 9, players, scoring: "territory" }, { now: began })
			.then(Matches.started({ id, gridsize: 9, players, scoring: "territory", komi: 6.5, started_at: at }));
	});

	test("has moves", () => {
		spec(match)
			.given(started)
			.when("play", { ...black, position: { x: 2, y: 3 } }, { now: began })
			.then(Matches.played({ ...black, position: { x: 2, y: 3 }, at }));
	});

	test("refuses a point beside the board, which is not one of the next row", () => {
		spec(match)
			.given(started)
			.when("play", { ...black, position: { x: 9, y: 0 } }, { now: began })
			.thenError(Matches.play.error.not_on_board);
	});

	test("is counted when both players agree", () => {
		spec(match)
			.given(started, ...passed, Matches.agreed(black))
			.when("agree", white)
			.then(
				Matches.agreed(white),
				Matches.ended({ id, winner: "white", by: "score", score: { black: 0, white: 7.5 } }),
			);
	});

	test("does not note twice that a player agrees", () => {
		spec(match)
			.given(started, ...passed, Matches.agreed(black))
			.when("agree", black)
			.then();
	});

	test("that was resigned is over", () => {
		const ended = Matches.ended({ id, winner: "white", by: "resignation" });
		const resigned = Matches.resigned(black);
		spec(match).given(started).when("resign", black, { now: began }).then(resigned, ended);
		spec(match).given(started, resigned, ended).when("pass", black).thenError(Matches.pass.error.game_over);
	});
});

describe("a match with clocks", () => {
	const time = { main_ms: 1_000, periods: 0, period_ms: 0 };
	const timed = Matches.started({ ...started.data, time });
	const after = (ms: number) => ({ now: new Date(began.getTime() + ms) });

	test("takes a move in time", () => {
		const { now } = after(1_000);
		spec(match)
			.given(timed)
			.when("pass", black, { now })
			.then(Matches.passed({ ...black, at: now.toISOString() }));
	});

	test.each([black, white])("is lost on time, whichever player notices it: $player", (player) => {
		spec(match)
			.given(timed)
			.when("pass", player, after(1_001))
			.then(Matches.lost_on_time(black), Matches.ended({ id, winner: "white", by: "time" }));
	});
});
