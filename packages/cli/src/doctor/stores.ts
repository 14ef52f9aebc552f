import type { ViewReport } from "@allium/core/store";
import type { Surroundings, Words } from "../command/command.ts";
import { withStore } from "../streams/opened-store.ts";
import { withViews } from "../views/opened-views.ts";
import { backendFindings, unreachable } from "./backend-findings.ts";
import { type Examined, type Finding, ok, wrong } from "./finding.ts";

/** Examines whether the event store answers, and whether its settings may lose events. */
export async function examineStore(words: Words, surroundings: Surroundings): Promise<Examined> {
	const variable = "--store or ALLIUM_EVENTS";
	try {
		return await withStore(words, surroundings, async ({ store, url, ask }) => {
			await ask((ctx) => store.streams({ limit: 1 }, ctx));
			const { log } = store;
			const report = await ask(async (ctx) => log.server?.(ctx));
			const version = report?.version === undefined ? "" : `: ${report.version}`;
			const findings = [ok(`${url} answers${version}`), ...backendFindings(report, url, variable)];
			return { findings };
		});
	} catch (error) {
		return { findings: [unreachable(error, variable)] };
	}
}

/** Examines whether the view store answers. */
export async function examineViews(words: Words, surroundings: Surroundings): Promise<Examined> {
	const variable = "--views or ALLIUM_VIEWS";
	try {
		return await withViews(words, surroundings, async ({ store, url, ask }) => {
			const versions = await ask((ctx) => store.versions(ctx));
			const count = new Set(versions.map(({ name }) => name)).size;
			const says = `${url} answers: ${count} ${count === 1 ? "view" : "views"}`;
			const findings = [
				ok(says),
				...backendFindings(undefined, url, variable),
				...versions.flatMap(viewFindings),
			];
			return { findings };
		});
	} catch (error) {
		return { findings: [unreachable(error, variable)] };
	}
}

/** The problems of the live build of a version, or of the one that is being made. */
function viewFindings({ name, version, builds, live, fault }: ViewReport): Finding[] {
	if (fault !== undefined) {
		const drop = `allium views drop ${name} ${version} --force`;
		return [
			wrong(`version ${version} of ${name}: ${fault}`, `or remove it, so that it is built again: ${drop}`),
		];
	}
	const build = builds.find((each) => each.build === live) ?? builds.at(-1);
	if (build === undefined) return [];
	const called = `version ${version} of ${name}`;
	const show = `allium views show ${name} ${version}`;
	const findings: Finding[] = [];
	if (build.trouble !== undefined)
		findings.push(wrong(`${called}: ${build.trouble}`, `see all of it: ${show}`));
	if (build.parked > 0) {
		const documents = build.parked === 1 ? "1 document is" : `${build.parked} documents are`;
		const retry = `allium views retry ${name} ${version} --all`;
		findings.push(wrong(`${called}: ${documents} parked`, `see why with ${show}, then ${retry}`));
	}
	return findings;
}
