import { expect } from "vitest";
import type { ServiceProcess } from "../service-process.ts";
import { runProgram } from "../suite/suite-program.ts";
import { killedWriter } from "./killed-writer.ts";
import type { EventStoreCase } from "./store-case.ts";
import { background, type EventStoreLab, readStream } from "./store-lab.ts";
import { writtenFaults } from "./written-faults.ts";

/** The prefix of the names of the writers' streams. */
const prefix = "account";

/** How many writers are killed. `npm run crash -- store` asks for more. */
const kills = 100;

/** Writers as separate processes. */
export const processCases: readonly EventStoreCase[] = [
	{
		title:
			"of writers that are killed each acknowledged append is there whole, and each other one whole or not at all",
		needs: ["program"],
		timeoutMs: 600_000,
		async run(lab) {
			const store = await lab.open();
			const { module, url } = lab.setup.program ?? expect.unreachable();
			const acknowledged: string[] = [];
			for (let count = 0; count < kills; count += 2) {
				const calls = count % 5;
				const killed = [`p${count}`, `p${count + 1}`].map((name) =>
					killedWriter({ module, url, name, prefix, calls }),
				);
				acknowledged.push(...(await Promise.all(killed)).flat());
			}
			expect(await writtenFaults(store, acknowledged, prefix)).toEqual([]);
		},
	},
	{
		title: "ten processes that create the store at once write to the same",
		needs: ["program"],
		timeoutMs: 180_000,
		async run(lab) {
			const writers = Array.from({ length: 10 }, (_, index) => start(lab, `p${index}`));
			try {
				await Promise.all(writers.map((writer) => writer.says(/^acknowledged 2$/m)));
				const identities = writers.map(({ output }) => /^identity (.*)$/m.exec(output)?.[1]);
				expect([...new Set(identities)]).toEqual([await (await lab.open()).identity(background)]);
			} finally {
				await Promise.all(writers.map((writer) => writer[Symbol.asyncDispose]()));
			}
			const store = await lab.open();
			const done = writers.flatMap(({ output }, index) =>
				Array.from(output.matchAll(/^acknowledged (\d+)$/gm), ([, call]) => `p${index}-${call}`),
			);
			expect(await writtenFaults(store, done, prefix)).toEqual([]);
			expect((await readStream(store, `${prefix}/a`)).length).toBeGreaterThanOrEqual(60);
		},
	},
];

function start(lab: EventStoreLab, name: string): ServiceProcess {
	const { module, url } = lab.setup.program ?? expect.unreachable();
	return runProgram(import.meta.url, "./writer", [module, url, name, prefix]);
}
