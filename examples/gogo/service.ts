import { causeOf } from "@allium/core";
import type { Context, Service } from "allium";
import { Matches } from "./contract.ts";
import { boardOf, type MatchCommand, matchOf } from "./match.ts";
import type { CommandInput, MatchRepository } from "./repository.ts";

/** The business logic, independent of the repository of matches. */
export function matchService(repository: MatchRepository): Service<typeof Matches> {
	const commandOf =
		<K extends MatchCommand>(command: K) =>
		async (input: CommandInput<K>, ctx: Context) =>
			boardOf(await repository.carryOut(command, input, ctx));
	return {
		async create(input, ctx) {
			// A request that is sent again starts the same match.
			const id = causeOf(ctx)?.begin("new match", input).id ?? crypto.randomUUID();
			return matchOf(await repository.carryOut("start", { ...input, id }, ctx));
		},
		start: async (input, ctx) => matchOf(await repository.carryOut("start", input, ctx)),

		list: async (_, ctx) => (await repository.list(ctx)).map(matchOf),

		async get({ id }, ctx) {
			const match = await repository.find(id, ctx);
			if (match === undefined) throw Matches.get.error.match_not_found();
			return matchOf(match);
		},

		async board({ id }, ctx) {
			const match = await repository.find(id, ctx);
			if (match === undefined) throw Matches.board.error.match_not_found();
			return boardOf(match);
		},

		play: commandOf("play"),
		pass: commandOf("pass"),
		mark: commandOf("mark"),
		agree: commandOf("agree"),
		resume: commandOf("resume"),
		resign: commandOf("resign"),
	};
}
