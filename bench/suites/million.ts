import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child } from "../child.ts";
import type { MillionAssignment, Tenth } from "../programs/million.ts";
import type { Run } from "../run.ts";

/** How many events wait. */
const events = 1_000_000;
const tenths = 10;
/** How long one tenth may take, in milliseconds. */
const tenthMs = 120_000;

/** A million events wait on SQLite for a slow handler: neither memory nor the rate may depend on how many are left. */
export async function million(run: Run): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), "allium-million-"));
	try {
		run.progress("events", `publishing ${events.toLocaleString("en-US")} events`);
		const assignment: MillionAssignment = { folder, events, tenths };
		const options = { core: run.pinned ? "client" : "any", timeoutMs: 300_000 } as const;
		const { child } = await Child.start("programs/million.ts", assignment, options);
		try {
			const found: Tenth[] = [];
			for (let tenth = 1; tenth <= tenths; tenth++) {
				run.progress("events", `handling tenth ${tenth} of ${tenths} of a million`);
				found.push(await child.ask<Tenth>({}, tenthMs));
			}
			report(run, found);
		} finally {
			await child.stop();
		}
	} catch (error) {
		run.failed("events", "a million events", error);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

function report(run: Run, found: readonly Tenth[]): void {
	const add = (id: string, what: string, unit: string, values: readonly number[]): void =>
		run.figure("events", `events million ${id}`, `SQLite, a million events wait: ${what}`, unit, values);
	const rates = found.map(({ perSecond }) => perSecond);
	const resident = found.map(({ rssBytes }) => rssBytes / 2 ** 20);
	const [firstRate = Number.NaN] = rates;
	const [firstResident = Number.NaN] = resident;
	add("rate", "handled by a handler that takes 1 ms, by tenth", "per s", rates);
	add("rss", "resident memory at the end of a tenth", "MiB", resident);
	add("rate last", "the slowest tenth", "× the first", [Math.min(...rates) / firstRate]);
	add("rss last", "the most resident memory of a tenth", "× the first", [
		Math.max(...resident) / firstResident,
	]);
}
