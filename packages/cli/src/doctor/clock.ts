import { Context, type Registry } from "@allium/core";
import { type Examined, ok, skipped, wrong } from "./finding.ts";

/** How long the registry may take to report its time, in milliseconds. */
const patienceMs = 3_000;

/** How far clocks may differ, in milliseconds. Leases do not depend on it, but certificates and tokens do. */
const mostMs = 2_000;

/** Examines how far the clock of the registry's server differs from that of this machine. */
export async function examineClock(registry: Registry): Promise<Examined> {
	const timeless = { findings: [skipped("this registry tells no time")] };
	if (registry.clock === undefined) return timeless;
	const { ctx, cancel } = Context.background().withTimeout(patienceMs).withCancel();
	try {
		const asked = Date.now();
		const start = performance.now();
		const told = await registry.clock(ctx);
		if (told === undefined) return timeless;
		const { now, resolutionMs } = told;
		const tookMs = performance.now() - start;
		// The time is truncated, so the true time is half its resolution later on average. It was read at some moment
		// between request and answer.
		const aheadMs = now + resolutionMs / 2 - (asked + tookMs / 2);
		return { findings: [findingOf(aheadMs, (tookMs + resolutionMs) / 2)] };
	} finally {
		cancel();
	}
}

function findingOf(aheadMs: number, withinMs: number) {
	const apart = `${seconds(Math.abs(aheadMs))} (give or take ${seconds(withinMs)})`;
	if (Math.abs(aheadMs) - withinMs <= mostMs) return ok(`it differs from that of the registry by ${apart}`);
	return wrong(
		`the clock of the registry is ${apart} ${aheadMs > 0 ? "ahead of" : "behind"} that of this machine`,
		"set both clocks by NTP: whether certificates and tokens are valid depends on them",
	);
}

function seconds(milliseconds: number): string {
	return `${(milliseconds / 1_000).toFixed(milliseconds < 10_000 ? 2 : 0)} s`;
}
