import { readFileSync } from "node:fs";
import type { Usage } from "./protocol.ts";
import type { Helper } from "./stack.ts";

/** The resources that this process has used, including the processor time of its helpers. */
export function usage(helpers: readonly Helper[] = []): Usage {
	const { user, system } = process.cpuUsage();
	const helping = helpers.reduce((sum, { pid }) => sum + (cpuSecondsOf(pid) ?? 0), 0);
	return { cpuSeconds: (user + system) / 1e6 + helping, rssBytes: process.memoryUsage.rss() };
}

/** The value on every Linux that Node supports. */
const ticksPerSecond = 100;

/** The processor time of another process, to 10 ms. Undefined if the platform does not tell. */
export function cpuSecondsOf(pid: number): number | undefined {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
		// The name in brackets may contain anything. The state is the first field after it.
		const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
		return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
	} catch {
		return undefined;
	}
}
