import type { ErrorTemplate } from "allium";
import { get, post, put, routes } from "allium";
import { Matches } from "./contract.ts";

const refusal = (body: string): ErrorTemplate => ({ status: 400, type: "text/plain; charset=UTF-8", body });

/** The status of errors of commands that the state of a match does not allow. */
const conflict: ErrorTemplate = { status: 409 };
const over = { game_over: conflict };
const turn = { ...over, not_playing: conflict, not_your_turn: conflict };
const marking = { ...over, not_marking: conflict };

/** The paths, statuses and errors of Cloud Native Go's gogo-service. */
export const matchRoutes = routes(Matches, {
	create: post("/matches", {
		status: 201,
		location: "/matches/{id}",
		errors: {
			unparsable: refusal("Failed to parse create match request"),
			invalid_input: refusal("Invalid new match request"),
		},
	}),
	list: get("/matches"),
	get: get("/matches/{id}"),
	start: put("/matches/{id}", { status: 201 }),
	board: get("/matches/{id}/board"),
	play: post("/matches/{id}/moves", {
		status: 201,
		errors: { ...turn, occupied: conflict, suicide: conflict, ko: conflict, superko: conflict },
	}),
	pass: post("/matches/{id}/passes", { status: 201, errors: turn }),
	mark: post("/matches/{id}/marks", { errors: { ...marking, no_stone: conflict } }),
	agree: post("/matches/{id}/agreements", { errors: marking }),
	resume: post("/matches/{id}/resumption", { errors: marking }),
	resign: post("/matches/{id}/resignation", { errors: { game_over: conflict } }),
});
