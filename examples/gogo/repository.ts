import type { Match } from "./contract.ts";

/** Where matches are kept. */
export interface MatchRepository {
	add(match: Match): Promise<void>;
	/** The matches in the order in which they were added. */
	list(): Promise<Match[]>;
	find(id: string): Promise<Match | undefined>;
}

/** Keeps matches for as long as the process lives. */
export function memoryMatches(): MatchRepository {
	const matches = new Map<string, Match>();
	return {
		async add(match) {
			matches.set(match.id, match);
		},
		list: async () => [...matches.values()],
		find: async (id) => matches.get(id),
	};
}
