import type { Service } from "allium";
import { type Match, Matches } from "./contract.ts";
import type { MatchRepository } from "./repository.ts";

/** The business logic, independent of where matches are kept. */
export function matchService(repository: MatchRepository): Service<typeof Matches> {
	return {
		async create({ gridsize, players }) {
			const match: Match = {
				id: crypto.randomUUID(),
				started_at: new Date().toISOString(),
				gridsize,
				turn: 0,
				players: players.map((player) => ({ ...player, score: 0 })),
			};
			await repository.add(match);
			return match;
		},

		list: () => repository.list(),

		async get({ id }) {
			const match = await repository.find(id);
			if (match === undefined) throw Matches.get.error.match_not_found();
			return match;
		},
	};
}
