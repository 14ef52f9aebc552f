import { expect } from "vitest";
import { runProgram } from "../suite/suite-program.ts";
import type { LogCase } from "./log-case.ts";
import { type LogLab, readAll, topicName } from "./log-lab.ts";
import type { LogSetup } from "./log-setup.ts";
import { batchOf, idOf } from "./match-event.ts";

/** How many publishers are killed at once, each after one call more than the one before. */
const together = 5;
const rounds = 4;

/** Publishers that are killed. */
export const processCases: readonly LogCase[] = [
	{
		title:
			"of a publisher that is killed all is there that was acknowledged, and each call whole or not at all",
		needs: ["program"],
		async run(lab) {
			const topic = await lab.topic({ lanes: 4 });
			const acknowledged: string[] = [];
			for (let round = 0; round < rounds; round++) {
				const killed = Array.from({ length: together }, (_, index) =>
					killedAfter(lab, `p${round * together + index}`, index + 1),
				);
				acknowledged.push(...(await Promise.all(killed)).flat());
			}
			const read = new Set((await readAll(topic)).map(idOf));
			expect(acknowledged.filter((id) => !read.has(id))).toEqual([]);
			if (!topic.features.atomic) return;
			for (const id of read) {
				const [publisher = "", batch] = id.split("-");
				const missing = batchOf(publisher, Number(batch)).filter((event) => !read.has(event.id));
				expect(missing, `of the call of ${id}`).toEqual([]);
			}
		},
	},
];

/** Kills a publisher after the given number of calls. Returns the ids that were acknowledged. */
async function killedAfter(lab: LogLab, name: string, calls: number): Promise<string[]> {
	const { module, url }: NonNullable<LogSetup["program"]> = lab.setup.program ?? expect.unreachable();
	await using publisher = runProgram(import.meta.url, "./publisher", [module, url, topicName, name]);
	await publisher.says(new RegExp(`^acknowledged ${calls}$`, "m"));
	publisher.signal("SIGKILL");
	await publisher.ended();
	const batches = publisher.output.matchAll(/^acknowledged (\d+)$/gm);
	return Array.from(batches, ([, batch]) => batchOf(name, Number(batch)).map(({ id }) => id)).flat();
}
