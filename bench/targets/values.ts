import type { Results, Row } from "../results.ts";
import type { Target } from "./target.ts";

/** The row of `sum` to which the targets refer. */
export const rpc = (stack: string, concurrency: number): Row["stack"][] => [
	"rpc",
	stack,
	"sum",
	String(concurrency),
];

export function row(results: Results, [suite, stack, work, concurrency]: readonly string[]): Row | undefined {
	return results.rows.find((each) => {
		return (
			each.suite === suite &&
			each.stack === stack &&
			(work === undefined || each.work === work) &&
			(concurrency === undefined || each.concurrency === Number(concurrency))
		);
	});
}

export const rate = (each: Row): number => each.callsPerSecond;
export const cpu = ({ cpuSecondsPer100k: { client, server } }: Row): number => client + server;

/** A figure of one row, divided by the same figure of another. */
export function over(
	figure: (each: Row) => number,
	one: readonly string[],
	other: readonly string[],
): Target["value"] {
	return (results) => {
		const [above, below] = [row(results, one), row(results, other)];
		return above && below && figure(above) / figure(below);
	};
}

/** A figure of frames with the default middleware, divided by the best figure of a peer. */
export function overPeers(
	figure: (each: Row) => number,
	concurrency: number,
	best: (...figures: number[]) => number,
): Target["value"] {
	return (results) => {
		const frames = row(results, rpc("frames", concurrency));
		const peers = results.rows.filter((each) => {
			return (
				each.suite === "rpc" &&
				each.work === "sum" &&
				each.group === "peer" &&
				each.concurrency === concurrency
			);
		});
		if (frames === undefined || peers.length === 0) return undefined;
		return figure(frames) / best(...peers.map(figure));
	};
}

export function figure(id: string): Target["value"] {
	return ({ figures }) => figures.find((each) => each.id === id)?.median;
}

/** The best of two figures, divided by a third. */
export function figureOver(one: string, other: string): Target["value"] {
	return (results) => {
		const [above, below] = [figure(one)(results), figure(other)(results)];
		return above === undefined || below === undefined ? undefined : above / below;
	};
}

/** A figure less another one. */
export function figureLess(one: string, other: string): Target["value"] {
	return (results) => {
		const [minuend, subtrahend] = [figure(one)(results), figure(other)(results)];
		return minuend === undefined || subtrahend === undefined ? undefined : minuend - subtrahend;
	};
}

/** The most processor time that any size takes, divided by that of the smallest size. */
export function cpuGrowth(dimension: string): Target["value"] {
	return ({ figures }) => {
		const sizes = figures.filter(({ id }) => id.startsWith(`growth ${dimension} cpu `));
		const [first] = sizes;
		if (first === undefined || sizes.length < 2) return undefined;
		return Math.max(...sizes.map(({ median }) => median)) / first.median;
	};
}

/** The slowest of all sizes, divided by the smallest size. */
export function flatness(dimension: string): Target["value"] {
	return ({ figures }) => {
		const sizes = figures.filter(({ id }) => id.startsWith(`growth ${dimension} calls `));
		const [first] = sizes;
		if (first === undefined || sizes.length < 2) return undefined;
		return Math.min(...sizes.map(({ median }) => median)) / first.median;
	};
}

/** How far the figure of any registry lies from the mean of all, as a share of that mean. */
export function spread(name: string): Target["value"] {
	return ({ figures }) => {
		const medians = figures.filter(({ id }) => id.startsWith(`cluster ${name} `)).map(({ median }) => median);
		if (medians.length < 2) return undefined;
		const mean = medians.reduce((sum, median) => sum + median, 0) / medians.length;
		return Math.max(...medians.map((median) => Math.abs(median / mean - 1)));
	};
}

export const atBoth = (make: (concurrency: number) => Target): Target[] => [64, 256].map(make);
