import { callInLoops, Meter } from "../closed-loop.ts";
import type { PartSet } from "../events/part.ts";
import { nextData, type Told } from "../events/told.ts";

/** A queue of jobs. */
export interface JobQueue {
	/** Its name in reports. */
	readonly name: string;
	/** How many jobs are added, and worked on, at once. */
	readonly atOnce: number;
	/** How many jobs wait before working is measured. */
	readonly backlog: number;
	add(data: Told): Promise<unknown>;
	/** Adds many jobs that wait, as fast as it goes. */
	addAll(all: readonly Told[]): Promise<unknown>;
	/** Works on all jobs that wait, and calls back for each. Resolves with a function that ends the work. */
	work(done: () => void): Promise<() => Promise<unknown>>;
	close(): Promise<unknown>;
}

/** How many jobs are added at once. */
const batch = 500;

/** The measurements of every queue: adding single jobs, and working on jobs that wait, from the first to the last. */
export function jobParts(queue: JobQueue): PartSet {
	const { name, atOnce, backlog } = queue;
	return {
		parts: [
			{
				id: "add",
				what: `${name}: add, ${atOnce} at once`,
				measure: async (milliseconds) => {
					const measured = await callInLoops(() => queue.add(nextData()), atOnce, milliseconds);
					await workOn(queue, measured.calls);
					return measured;
				},
			},
			{
				id: "work",
				what: `${name}: work, ${atOnce} at once`,
				measure: async () => {
					for (let left = backlog; left > 0; left -= batch) {
						await queue.addAll(Array.from({ length: Math.min(left, batch) }, nextData));
					}
					return workOn(queue, backlog);
				},
			},
		],
		close: async () => {
			await queue.close();
		},
	};
}

/** Works on the given number of jobs. The time counts from the first to the last. */
async function workOn(queue: JobQueue, jobs: number) {
	const { promise, resolve } = Promise.withResolvers<void>();
	let meter: Meter | undefined;
	let left = jobs;
	const end = await queue.work(() => {
		meter ??= new Meter();
		if (--left === 0) resolve();
	});
	await promise;
	const measured = (meter ?? new Meter()).measured();
	await end();
	return { ...measured, calls: jobs };
}
