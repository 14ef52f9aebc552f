import { Child } from "../child.ts";
import type { SuiteName } from "../options.ts";
import type { EventsAssignment, EventsTask } from "../programs/events.ts";
import type { Measured } from "../protocol.ts";
import type { Run } from "../run.ts";
import type { PartFacts } from "./part.ts";
import { PartRounds } from "./part-rounds.ts";

/** How many events wait before handling is measured, for each millisecond that a measurement takes. */
const backlogPerMs = 20;

/** A backend that is measured in a separate process. */
export interface MeasuredBackend {
	readonly id: string;
	readonly name: string;
	readonly file: string;
	/** How many events wait before handling is measured, as a share of those of ours. */
	readonly backlog: number;
}

/** A backend that is being measured. */
export class RunningBackend {
	readonly #run: Run;
	readonly #suite: SuiteName;
	readonly #backend: MeasuredBackend;
	readonly #child: Child;
	readonly #parts: readonly PartRounds[];

	private constructor(
		run: Run,
		suite: SuiteName,
		backend: MeasuredBackend,
		child: Child,
		parts: readonly PartFacts[],
	) {
		this.#run = run;
		this.#suite = suite;
		this.#backend = backend;
		this.#child = child;
		this.#parts = parts.map((facts) => new PartRounds(facts));
	}

	static async start(
		run: Run,
		suite: SuiteName,
		backend: MeasuredBackend,
		url: string,
	): Promise<RunningBackend> {
		const backlog = Math.round(backend.backlog * backlogPerMs * run.options.milliseconds);
		const assignment: EventsAssignment = { file: backend.file, url, backlog };
		const options = { core: run.pinned ? "client" : "any", timeoutMs: 60_000 } as const;
		const { child, ready } = await Child.start<readonly PartFacts[]>(
			"programs/events.ts",
			assignment,
			options,
		);
		return new RunningBackend(run, suite, backend, child, ready);
	}

	/** Measures all parts in turn, so that a part and its floor are close to each other. */
	async measure(milliseconds: number, counts: boolean): Promise<void> {
		for (const part of this.#parts) {
			if (part.hasFailed) continue;
			const task: EventsTask = { id: part.facts.id, milliseconds };
			try {
				const measured = await this.#child.ask<Measured>(task, milliseconds);
				if (counts) part.add(measured);
			} catch (error) {
				part.hasFailed = true;
				this.#run.failed(this.#suite, `${this.#backend.id}, ${part.facts.what}`, error);
			}
		}
	}

	report(): void {
		const { id, name } = this.#backend;
		for (const part of this.#parts) {
			const floor = this.#parts.find(({ facts }) => facts.id === part.facts.floor);
			for (const { suffix, what, unit, values } of part.figures(floor)) {
				const of = `${this.#suite} ${id} ${part.facts.id}${suffix}`;
				this.#run.figure(this.#suite, of, `${name}: ${what}`, unit, values);
			}
		}
	}

	stop(): Promise<void> {
		return this.#child.stop();
	}
}
