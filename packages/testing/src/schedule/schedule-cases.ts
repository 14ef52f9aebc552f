import { expect } from "vitest";
import type { SuiteCase } from "../suite/suite-case.ts";
import { ranBy, type ScheduleLab } from "./schedule-lab.ts";

/** How many processes of the app there are. */
const instances = 5;
/** How many of them are killed. */
const kills = 3;

/** Schedules in separate processes. */
export const scheduleCases: readonly SuiteCase<ScheduleLab>[] = [
	{
		title: "each time is recorded once and runs, and runs again only where its process was killed",
		timeoutMs: 240_000,
		async run(lab) {
			const store = await lab.open();
			const processes = await Promise.all(Array.from({ length: instances }, () => lab.start()));
			for (let kill = 0; kill < kills; kill++) {
				// The process that runs the times is killed, so that another one has to take over.
				const before = new Set(lab.ran);
				const isNew = (at: string): boolean => !before.has(at);
				await lab.eventually(() => expect(lab.ran.filter(isNew)).not.toEqual([]));
				const index = processes.findIndex((each) => ranBy(each).some(isNew));
				const [killed] = processes.splice(index, 1, await lab.start());
				killed?.signal("SIGKILL");
				await killed?.ended();
			}
			const taken = lab.ran.length;
			await lab.eventually(() => expect(lab.ran.length).toBeGreaterThan(taken + 2));
			for (const each of processes) each.signal("SIGTERM");
			for (const each of processes) expect(await each.ended(), each.output).toBe(0);

			const { ran } = lab;
			const recorded = await lab.recorded(store);
			expect(recorded).toEqual([...new Set(recorded)].sort());
			const come = recorded.filter((at) => at <= (ran.at(-1) ?? ""));
			expect([...new Set(ran)]).toEqual(come);
			// What a process ran at last before it was killed may not be recorded, and runs again.
			const lived = processes.flatMap(ranBy);
			expect(lived).toEqual([...new Set(lived)]);
		},
	},
	{
		title: "times at which no process ran are one run, as soon as there is one",
		timeoutMs: 120_000,
		async run(lab) {
			const store = await lab.open();
			const first = await lab.start();
			await first.says(/^ran /m);
			first.signal("SIGTERM");
			await first.ended();
			const stopped = Date.now();
			await lab.eventually(() => expect(Date.now()).toBeGreaterThan(stopped + 3_500));
			const started = Date.now();
			const second = await lab.start();
			await lab.eventually(() => expect(ranBy(second).length).toBeGreaterThan(2));
			const [missed, next] = ranBy(second).map((at) => Date.parse(at));
			expect(missed).toBeLessThan(started - 1_000);
			expect(next).toBeGreaterThan(started - 1_000);
			const recorded = await lab.recorded(store);
			expect(recorded).toEqual([...new Set(recorded)].sort());
		},
	},
];
