import { readFileSync } from "node:fs";
import { uptime } from "node:os";

/** In Bun and Deno `process.hrtime()` counts from the start of the process, in Node from that of the machine. */
const processStart = "bun" in process.versions || "deno" in process.versions ? uptimeMs() - hrtimeMs() : 0;

/**
 * Milliseconds on a clock of the machine that cannot be set, so all processes of the machine agree on it. It begins
 * again when the machine restarts, and stands still while the machine sleeps.
 */
export function machineNow(): number {
	return Math.floor(processStart + hrtimeMs());
}

function hrtimeMs(): number {
	const [seconds, nanoseconds] = process.hrtime();
	return seconds * 1_000 + nanoseconds / 1e6;
}

/** How long the machine has been up: to 10 ms on Linux, to a second elsewhere. */
function uptimeMs(): number {
	try {
		return Number.parseFloat(readFileSync("/proc/uptime", "utf8")) * 1_000;
	} catch {
		return uptime() * 1_000;
	}
}
