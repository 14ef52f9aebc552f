import { decider } from "allium";
import { type Board, type Match, Matches, type MatchStart } from "./contract.ts";
import type { Color, Point } from "./rules/board.ts";
import { afterThinking, type Clock, fullClock, type TimeControl } from "./rules/clock.ts";
import * as go from "./rules/game.ts";

/** A match: plain data, folded from its events. */
export interface MatchState {
	readonly id: string;
	readonly startedAt: string;
	readonly players: readonly { readonly color: Color; readonly name: string }[];
	readonly game: go.Game;
	readonly time: TimeControl | undefined;
	/** The clocks as they were when the turn began; unused in a match without time control. */
	readonly clocks: Readonly<Record<Color, Clock>>;
	readonly turnBeganAt: string;
}

/** The commands of a match that was started. */
export type MatchCommand = "start" | "play" | "pass" | "mark" | "agree" | "resume" | "resign";

/** Decides the commands of a match. A match that was not started is `null`. */
export const match = decider(Matches, {
	id: "id",
	initial: null as MatchState | null,
	decide: {
		start(input, before, { now }) {
			const { scoring = "area", komi = scoring === "area" ? 7.5 : 6.5 } = input;
			const start = { ...input, scoring, komi, started_at: now.toISOString() };
			if (before === null) return Matches.started(start);
			// A request that is sent again starts nothing, and is answered with the match as it is.
			if (isSameMatch(begun(start), before)) return [];
			throw Matches.start.error.match_exists();
		},
		play(input, before, { now }) {
			const { id, position, player } = input;
			if (before === null) throw Matches.play.error.match_not_found();
			if (isTimeOver(before, now)) return lostOnTime(before);
			const after = go.play(before.game, player, pointOf(before, position));
			if (typeof after === "string") throw Matches.play.error[after]();
			return Matches.played({ id, player, position, at: now.toISOString() });
		},
		pass({ id, player }, before, { now }) {
			if (before === null) throw Matches.pass.error.match_not_found();
			if (isTimeOver(before, now)) return lostOnTime(before);
			const after = go.pass(before.game, player);
			if (typeof after === "string") throw Matches.pass.error[after]();
			return Matches.passed({ id, player, at: now.toISOString() });
		},
		mark({ id, position }, before) {
			if (before === null) throw Matches.mark.error.match_not_found();
			const after = go.mark(before.game, pointOf(before, position));
			if (typeof after === "string") throw Matches.mark.error[after]();
			return Matches.marked({ id, position });
		},
		agree({ id, player }, before) {
			if (before === null) throw Matches.agree.error.match_not_found();
			const after = go.agree(before.game, player);
			if (typeof after === "string") throw Matches.agree.error[after]();
			if (after.agreed.join() === before.game.agreed.join() && after.result === undefined) return [];
			return [Matches.agreed({ id, player }), ...ended(id, after)];
		},
		resume({ id }, before, { now }) {
			if (before === null) throw Matches.resume.error.match_not_found();
			const after = go.resume(before.game);
			if (typeof after === "string") throw Matches.resume.error[after]();
			return Matches.resumed({ id, at: now.toISOString() });
		},
		resign({ id, player }, before, { now }) {
			if (before === null) throw Matches.resign.error.match_not_found();
			if (isTimeOver(before, now)) return lostOnTime(before);
			const after = go.resign(before.game, player);
			if (typeof after === "string") throw Matches.resign.error[after]();
			return [Matches.resigned({ id, player }), ...ended(id, after)];
		},
	},
	evolve: {
		started: (_, start) => begun(start),
		played: (before, { player, position, at }) =>
			moved(before, at, (game, state) => go.play(game, player, pointOf(state, position))),
		passed: (before, { player, at }) => moved(before, at, (game) => go.pass(game, player)),
		marked: (before, { position }) =>
			changed(before, (game, state) => go.mark(game, pointOf(state, position))),
		agreed: (before, { player }) => changed(before, (game) => go.agree(game, player)),
		resumed: (before, { at }) => ({ ...changed(before, go.resume), turnBeganAt: at }),
		resigned: (before, { player }) => changed(before, (game) => go.resign(game, player)),
		lost_on_time: (before, { player }) => changed(before, (game) => go.loseOnTime(game, player)),
		// The result is the one that was counted when the match ended.
		ended: (before, { winner, by, score }) =>
			changed(before, (game) => ({ ...game, phase: "over", result: { winner, by, score } })),
	},
});

/** A match that begins. */
function begun({ id, started_at, gridsize, players, komi, scoring, time }: MatchStart): MatchState {
	const control = time && { mainMs: time.main_ms, periods: time.periods, periodMs: time.period_ms };
	const clock = fullClock(control ?? { mainMs: 0, periods: 0, periodMs: 0 });
	return {
		id,
		startedAt: started_at,
		players,
		game: go.newGame({ size: gridsize, komi, scoring }),
		time: control,
		clocks: { black: clock, white: clock },
		turnBeganAt: started_at,
	};
}

/** Returns true if two matches have the same players, rules and time limits. Their moves may differ. */
function isSameMatch(one: MatchState, other: MatchState): boolean {
	const terms = ({ players, game: { rules }, time }: MatchState): string => {
		const named = (color: Color) => players.find((player) => player.color === color)?.name;
		return JSON.stringify([named("black"), named("white"), rules.size, rules.komi, rules.scoring, time]);
	};
	return terms(one) === terms(other);
}

/** A match as REST shows it. */
export function matchOf({ id, startedAt, players, game }: MatchState): Match {
	return {
		id,
		started_at: startedAt,
		gridsize: game.rules.size,
		turn: game.moves,
		players: players.map(({ color, name }) => ({ color, name, score: game.result?.score?.[color] ?? 0 })),
	};
}

/** The board of a match as REST shows it. */
export function boardOf({ id, game, time, clocks, turnBeganAt }: MatchState): Board {
	const { phase, turn: player, moves: turn, board, prisoners, dead, agreed, result } = game;
	const { size } = game.rules;
	return {
		id,
		phase,
		player,
		turn,
		rows: Array.from({ length: size }, (_, row) => board.slice(row * size, (row + 1) * size)),
		prisoners,
		dead: dead.map((point) => ({ x: point % size, y: Math.floor(point / size) })),
		agreed: [...agreed],
		...(time && { clocks: { black: shown(clocks.black), white: shown(clocks.white) } }),
		turn_began_at: turnBeganAt,
		...(result && { result }),
	};
}

function shown({ mainMs, periods }: Clock) {
	return { main_ms: mainMs, periods };
}

/** The point at a position. It is on no board where the position is not. */
function pointOf({ game }: MatchState, { x, y }: { readonly x: number; readonly y: number }): Point {
	const { size } = game.rules;
	return x >= 0 && x < size ? y * size + x : -1;
}

/** Whether the player whose move it is has no time left. Any move that comes then, of either player, ends the match. */
function isTimeOver(state: MatchState, now: Date): boolean {
	return state.game.phase === "playing" && clockAt(state, now.toISOString()) === undefined;
}

/** The clock of the player whose move it is. Undefined when the time is over. */
function clockAt({ game, time, clocks, turnBeganAt }: MatchState, at: string): Clock | undefined {
	const clock = clocks[game.turn];
	return time === undefined ? clock : afterThinking(clock, Date.parse(at) - Date.parse(turnBeganAt), time);
}

function lostOnTime({ id, game }: MatchState) {
	const after = go.loseOnTime(game, game.turn);
	return [
		Matches.lost_on_time({ id, player: game.turn }),
		...(typeof after === "string" ? [] : ended(id, after)),
	];
}

/** The public event of the end of a match, if it has ended. */
function ended(id: string, { result }: go.Game) {
	if (result === undefined) return [];
	const { winner, by, score } = result;
	return [Matches.ended({ id, by, ...(winner && { winner }), ...(score && { score }) })];
}

/** The match after a change of its game. */
function changed(
	before: MatchState | null,
	change: (game: go.Game, state: MatchState) => go.Game | go.Refusal,
): MatchState {
	if (before === null) throw new Error("the match was not started");
	const game = change(before.game, before);
	if (typeof game === "string") throw new Error(`the rules refuse what happened: ${game}`);
	return { ...before, game };
}

/** The match after a move: the clock of its player stops, and that of the other runs. */
function moved(before: MatchState | null, at: string, change: Parameters<typeof changed>[1]): MatchState {
	const after = changed(before, change);
	if (before === null) return after;
	const clock = clockAt(before, at) ?? before.clocks[before.game.turn];
	return { ...after, clocks: { ...after.clocks, [before.game.turn]: clock }, turnBeganAt: at };
}
