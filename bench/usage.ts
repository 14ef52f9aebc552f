import { readFileSync } from "node:fs";
import type { Usage } from "./protocol.ts";
import type { Helper } from "./stack.ts";

/** What this process has used, and the processor time of its helpers with it. */
export function usage(helpers: readonly Helper[] = []): Usage {
	const { user, system } = process.cpuUsage();
	const helping = helpers.reduce((sum, { pid }) => sum + (cpuSecondsOf(pid) ?? 0), 0);
	return { cpuSeconds: (user + system) / 1e6 + helping, rssBytes: process.memoryUsage.rss() };
}

/** Of every Linux that Node runs on. */
const ticksPerSecond = 100;

/** The processor time of another process, to 10 ms; undefined where the platform does not say. */
export function cpuSecondsOf(pid: number): number | undefined {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
		// The name in brackets may hold anything; the state is the first field behind it.
		const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
		return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
	} catch {
		return undefined;
	}
}
