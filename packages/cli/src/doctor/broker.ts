import { Context } from "@allium/core";
import type { Broker, ServerReport } from "@allium/core/event";
import { whileLasts } from "@allium/core/transport";
import { OpenedBroker } from "../broker/opened-broker.ts";
import type { Surroundings, Words } from "../command/command.ts";
import { backendFindings, unreachable } from "./backend-findings.ts";
import { type Examined, type Finding, ok } from "./finding.ts";

/** How long the server may take to report its settings, in milliseconds. */
const patienceMs = 3_000;

const variable = "--broker or ALLIUM_BROKER";

/** Examines whether the broker answers, and whether its settings may lose events. */
export async function examineBroker(
	words: Words,
	surroundings: Surroundings,
): Promise<Examined<OpenedBroker>> {
	const start = performance.now();
	let opened: OpenedBroker | undefined;
	try {
		opened = await OpenedBroker.open(words, surroundings);
		const holds = await counts(opened);
		const tookMs = Math.round(performance.now() - start);
		const report = await reportOf(opened.broker);
		const facts = [...(report?.version === undefined ? [] : [report.version]), ...holds];
		const says = `${opened.url} answered within ${tookMs} ms${facts.length > 0 ? `: ${facts.join(", ")}` : ""}`;
		const findings = [ok(says), ...lackFindings(report), ...backendFindings(report, opened.url, variable)];
		return { findings, value: opened };
	} catch (error) {
		await opened?.close();
		return { findings: [unreachable(error, variable)] };
	}
}

/** A feature that the server lacks is worth knowing, but is not a fault. */
function lackFindings(report: ServerReport | undefined): Finding[] {
	const lacks = report?.lacks ?? [];
	return lacks.length === 0 ? [] : [ok(`events there do without ${lacks.join(", ")}`)];
}

async function counts(opened: OpenedBroker): Promise<string[]> {
	const { log, state } = opened.broker;
	const topics = log === undefined ? undefined : await opened.ask((ctx) => log.topics(ctx));
	const groups = state === undefined ? undefined : await opened.ask((ctx) => state.groups(ctx));
	return [
		...(topics === undefined ? [] : [counted(topics.length, "topic")]),
		...(groups === undefined ? [] : [counted(groups.length, "group")]),
	];
}

/** The server's report of its settings. Undefined if it refuses, for want of rights, which is no problem. */
async function reportOf(broker: Broker): Promise<ServerReport | undefined> {
	const { ctx, cancel } = Context.background().withTimeout(patienceMs).withCancel();
	const asked = Promise.try(() =>
		broker.log?.server === undefined ? broker.server?.(ctx) : broker.log.server(ctx),
	);
	return whileLasts(asked, ctx)
		.catch(() => undefined)
		.finally(cancel);
}

function counted(count: number, what: string): string {
	return `${count} ${what}${count === 1 ? "" : "s"}`;
}
