import { expect } from "vitest";
import { RunningTime } from "../running-time.ts";
import type { LogCase } from "./log-case.ts";
import { background, readAll } from "./log-lab.ts";
import { matchEvent } from "./match-event.ts";

/** How late `changed` may be, in milliseconds. */
const lateMs = 250;

/** Waiting for more events. */
export const waitingCases: readonly LogCase[] = [
	{
		title: "where there is more already, nobody waits",
		async run(lab) {
			const topic = await lab.topic();
			const start = await topic.at("start", background);
			await topic.append([matchEvent("1")], background);
			await topic.changed(start, background);
		},
	},
	{
		title: "what another handle publishes wakes within 250 ms",
		async run(lab) {
			const [left, right] = [await lab.topic(), await lab.topic()];
			const passed: number[] = [];
			for (let count = 0; count < 7; count++) {
				const after = await right.at("now", background);
				const waiting = wakeWithMore(
					() => right.changed(after, background),
					async () => {
						return (await readAll(right, after)).length > 0;
					},
				);
				await left.append([matchEvent(String(count))], background);
				using time = new RunningTime();
				await waiting;
				passed.push(time.milliseconds);
			}
			// The median, so that a wait that the busy machine prolonged does not count.
			const median = passed.sort((one, other) => one - other)[3] ?? 0;
			lab.figures.set("woken after", `${Math.round(median)} ms`);
			expect(median).toBeLessThanOrEqual(lateMs);
		},
	},
	{
		title: "a wait ends with its context",
		async run(lab) {
			const topic = await lab.topic();
			const now = await topic.at("now", background);
			const { ctx, cancel } = background.withCancel();
			const waiting = untilEnd(() => topic.changed(now, ctx));
			cancel();
			await expect(waiting).rejects.toMatchObject({ code: "canceled" });
		},
	},
	{
		title: "a thousand waits leave nothing behind",
		async run(lab) {
			const [left, right] = [await lab.topic(), await lab.topic()];
			const now = await right.at("now", background);
			const before = await lab.openHandles();
			const { ctx, cancel } = background.withCancel();
			const waits = Array.from({ length: 1_000 }, () => untilEnd(() => right.changed(now, ctx)));
			cancel();
			const outcomes = await Promise.allSettled(waits);
			expect(outcomes.filter(({ status }) => status === "fulfilled")).toEqual([]);
			await lab.leftNothing(before);
			const others = Array.from({ length: 1_000 }, () => right.changed(now, background));
			await left.append([matchEvent("1")], background);
			await Promise.all(others);
			await lab.leftNothing(before);
		},
	},
	{
		title: "a wait ends when its log is closed",
		async run(lab) {
			const log = await lab.open();
			const topic = await log.open("matches", { lanes: 1 }, background);
			const now = await topic.at("now", background);
			const waiting = untilEnd(() => topic.changed(now, background)).catch((error: unknown) => error);
			await log.close();
			expect(await waiting).toMatchObject({ code: "failed_precondition" });
		},
	},
];

/** Waits again and again, because a wait may end without reason. */
async function untilEnd(wait: () => Promise<void>): Promise<never> {
	for (;;) await wait();
}

async function wakeWithMore(wait: () => Promise<void>, isMore: () => Promise<boolean>): Promise<void> {
	do await wait();
	while (!(await isMore()));
}
