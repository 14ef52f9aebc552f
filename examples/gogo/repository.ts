import { decided, evolved, type InputOf } from "@allium/events";
import type { Context } from "allium";
import { Matches } from "./contract.ts";
import { type MatchCommand, type MatchState, match } from "./match.ts";

/** The input of a command of a match. */
export type CommandInput<K extends MatchCommand> = InputOf<(typeof Matches)[K]> & { readonly id: string };

/** The repository of matches. */
export interface MatchRepository {
	/** Carries out a command. Resolves with the match after it, or rejects with the declared error that refuses it. */
	carryOut<K extends MatchCommand>(command: K, input: CommandInput<K>, ctx: Context): Promise<MatchState>;
	/** The matches in the order in which they were started. */
	list(ctx: Context): Promise<MatchState[]>;
	find(id: string, ctx: Context): Promise<MatchState | undefined>;
}

/** Keeps matches for as long as the process lives. */
export function memoryMatches(): MatchRepository {
	const matches = new Map<string, MatchState>();
	return {
		async carryOut(command, input) {
			const before = matches.get(input.id) ?? null;
			const tools = { now: new Date(), newId: () => crypto.randomUUID() };
			const { events, refusal } = decided(match, Matches[command], input, before, tools);
			if (refusal !== undefined) throw refusal;
			let after: MatchState | null = before;
			for (const { name, data } of events) after = evolved(match, after, name, data) as MatchState;
			if (after === null) throw new Error(`${command} started no match`);
			matches.set(after.id, after);
			return after;
		},
		list: async () => [...matches.values()],
		find: async (id) => matches.get(id),
	};
}
