import type { StackEntry } from "./stacks.ts";
import { median, type Spread, spread } from "./statistics.ts";

/** One line of a table of calls: the medians of all rounds. */
export interface Row {
	readonly suite: string;
	/** The stack's id, as `--stacks` takes it. */
	readonly stack: string;
	readonly name: string;
	readonly group: StackEntry["group"];
	readonly work: string;
	readonly concurrency: number;
	readonly callsPerSecond: number;
	readonly minimum: number;
	readonly maximum: number;
	readonly p50us: number;
	readonly p99us: number;
	readonly cpuSecondsPer100k: { readonly client: number; readonly server: number };
	/** Calls a second as a share of the suite's floor. NaN, which is null in JSON, if the floor was not measured. */
	readonly ratioToFloor: number;
}

/** Any other figure: the median of all rounds. */
export interface Figure extends Spread {
	readonly suite: string;
	readonly id: string;
	readonly what: string;
	readonly unit: string;
}

/** A measurement that failed, and the reason. */
export interface Failure {
	readonly suite: string;
	readonly what: string;
	readonly reason: string;
}

/** Everything that a run has found. */
export interface Results {
	readonly rows: readonly Row[];
	readonly figures: readonly Figure[];
	readonly failures: readonly Failure[];
}

/** The result of one round of one stack. */
export interface Sample {
	readonly calls: number;
	readonly seconds: number;
	readonly p50us: number;
	readonly p99us: number;
	/** The processor time of the client. */
	readonly cpuSeconds: number;
	readonly serverCpuSeconds: number;
}

/** All rounds of one stack at one kind of work. */
export interface Cell {
	readonly suite: string;
	readonly stack: StackEntry;
	readonly name: string;
	readonly work: string;
	readonly concurrency: number;
	readonly samples: readonly Sample[];
}

/**
 * Returns the medians of the measurements. Those of other stacks are compared with the stack `floor` at the same work.
 */
export function rowsOf(cells: readonly Cell[], floor: string): Row[] {
	const rate = ({ calls, seconds }: Sample): number => calls / seconds;
	const floors = new Map(
		cells
			.filter(({ stack }) => stack.id === floor)
			.map(({ work, concurrency, samples }) => [`${work} ${concurrency}`, median(samples.map(rate))]),
	);
	return cells
		.filter(({ samples }) => samples.length > 0)
		.map(({ suite, stack, name, work, concurrency, samples }) => {
			const of = (figure: (sample: Sample) => number): number => median(samples.map(figure));
			const rates = spread(samples.map(rate));
			return {
				suite,
				stack: stack.id,
				name,
				group: stack.group,
				work,
				concurrency,
				callsPerSecond: rates.median,
				minimum: rates.minimum,
				maximum: rates.maximum,
				p50us: of(({ p50us }) => p50us),
				p99us: of(({ p99us }) => p99us),
				cpuSecondsPer100k: {
					client: of(({ cpuSeconds, calls }) => (cpuSeconds / calls) * 1e5),
					server: of(({ serverCpuSeconds, calls }) => (serverCpuSeconds / calls) * 1e5),
				},
				ratioToFloor: rates.median / (floors.get(`${work} ${concurrency}`) ?? Number.NaN),
			};
		});
}
