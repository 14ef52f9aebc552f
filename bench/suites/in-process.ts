import { Child } from "../child.ts";
import type { Run } from "../run.ts";

/** A round takes about 50 ms, so there can be many. */
const roundsPerRound = 5;
const warmUps = 10;

/** Measures the cost of the layers without a wire that would hide it. */
export async function inProcess(run: Run): Promise<void> {
	run.progress("in-process", "six middlewares, and the whole onion without a wire");
	const core = run.pinned ? "client" : "any";
	const { child } = await Child.start("programs/in-process.ts", {}, { core });
	try {
		const rounds: Record<string, number>[] = [];
		for (let round = -warmUps; round < run.options.rounds * roundsPerRound; round++) {
			const measured = await child.ask<Record<string, number>>({});
			if (round >= 0) rounds.push(measured);
		}
		const overBare = (name: string): number[] =>
			rounds.map((round) => ((round[name] ?? Number.NaN) - (round.bare ?? Number.NaN)) / 1000);
		const add = (id: string, what: string, values: readonly number[]): void =>
			run.figure("in-process", id, what, "µs", values);
		add(
			"in-process bare",
			"the bare handler",
			rounds.map(({ bare = Number.NaN }) => bare / 1000),
		);
		add("in-process passing", "six middlewares that pass the call on, over that", overBare("six passing"));
		add("in-process six", "six middlewares that await the reply, over that", overBare("six awaiting"));
		add(
			"in-process onion",
			"default onion of client and server, without the wire",
			rounds.map(({ onion = Number.NaN }) => onion / 1000),
		);
	} finally {
		await child.stop();
	}
}
