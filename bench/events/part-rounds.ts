import type { Measured } from "../protocol.ts";
import type { PartFacts } from "./part.ts";

/** A line of the report: the values of all rounds. */
export interface PartFigure {
	/** The suffix to the id of the part. */
	readonly suffix: "" | " cpu" | " ratio";
	readonly what: string;
	readonly unit: string;
	readonly values: readonly number[];
}

/** The results of the rounds of a part. */
export class PartRounds {
	readonly facts: PartFacts;
	hasFailed = false;
	readonly #rounds: Measured[] = [];

	constructor(facts: PartFacts) {
		this.facts = facts;
	}

	add(round: Measured): void {
		this.#rounds.push(round);
	}

	/** The rate of each round, per second. */
	get rates(): readonly number[] {
		return this.#rounds.map(({ calls, seconds }) => calls / seconds);
	}

	/** @param floor The part with which it is compared, round by round. */
	figures(floor: PartRounds | undefined): readonly PartFigure[] {
		const { what, counts } = this.facts;
		const rounds = this.#rounds;
		if (counts === "latency") {
			const p50 = rounds.map(({ p50us }) => p50us / 1000);
			return [{ suffix: "", what: `${what}, p50`, unit: "ms", values: p50 }];
		}
		const cpu = rounds.map(({ cpuSeconds, calls }) => (cpuSeconds / calls) * 1e6);
		return [
			{ suffix: "", what, unit: "per s", values: this.rates },
			{ suffix: " cpu", what: `${what}: processor time of this process`, unit: "µs each", values: cpu },
			...(floor === undefined ? [] : [this.#ratio(floor)]),
		];
	}

	#ratio(floor: PartRounds): PartFigure {
		const rates = floor.rates;
		const values = this.rates
			.map((rate, round) => rate / (rates[round] ?? Number.NaN))
			.filter((ratio) => !Number.isNaN(ratio));
		return { suffix: " ratio", what: this.facts.what, unit: `× ${floor.facts.what}`, values };
	}
}
