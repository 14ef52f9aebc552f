import type { CheckReport } from "@allium/core";
import type { Run } from "../command/command.ts";
import { exitCode } from "../command/exit-code.ts";
import { askingOf } from "../discovery/credentials.ts";
import { Directory } from "../discovery/directory.ts";
import { unknownName } from "../discovery/unknown-name.ts";
import type { Styles } from "../terminal/terminal.ts";
import { columns } from "../text/columns.ts";
import { formatAge } from "../text/duration.ts";
import { healthOf, type InstanceHealth, isHealthy } from "./instance-health.ts";

/** How much of an id to show: enough to tell instances apart. */
const idLength = 8;

/** `allium health [service]` */
export const health: Run = async (words, surroundings) => {
	const { terminal } = surroundings;
	const [service] = words.arguments;
	const directory = await Directory.open(words, surroundings);
	try {
		const where = `in ${directory.url} (namespace ${directory.namespace})`;
		const all = await directory.instances();
		const instances = all.filter(
			({ services }) => service === undefined || services.some(({ name }) => name === service),
		);
		if (service !== undefined && instances.length === 0) {
			const names = all.flatMap(({ services }) => services.map(({ name }) => name));
			const sentence = `No instance of ${JSON.stringify(service)} is up ${where}`;
			throw unknownName(sentence, service, names, "No service is up there; start one with: allium dev");
		}
		const found = await healthOf(instances, askingOf(words, surroundings));
		if (words.has("json")) {
			await terminal.print(JSON.stringify(found.map(plain), null, terminal.isInteractive ? 2 : 0));
		} else if (found.length === 0) {
			await terminal.print(`No service is up ${where}; start one with: allium dev path/to/main.ts`);
		} else {
			await terminal.print(table(found, terminal.styles).join("\n"));
		}
		return found.every(isHealthy) ? exitCode.ok : exitCode.failed;
	} finally {
		await directory.close();
	}
};

function plain(health: InstanceHealth): object {
	const { instance, url, ready, problem, checks } = health;
	const { id, app, services, status } = instance;
	return {
		id,
		app,
		services: services.map(({ name }) => name),
		url,
		status,
		healthy: isHealthy(health),
		ready,
		...(problem !== undefined && { problem }),
		checks,
	};
}

/** A line for each instance, and below it a line for each of its checks. */
function table(found: readonly InstanceHealth[], styles: Styles): string[] {
	const titles = ["SERVICES", "HEALTH", "ADDRESS", "APP", "ID"];
	const [title = "", ...instanceLines] = columns([
		titles.map(styles.dim),
		...found.map(({ instance, url = "none", ready, problem }) => [
			styles.bold(instance.services.map(({ name }) => name).join(", ") || "none"),
			ready ? "ready" : styles.red("not ready"),
			url,
			instance.app,
			styles.dim(instance.id.slice(0, idLength)),
			...(problem === undefined ? [] : [problem]),
		]),
	]);
	const checkLines = columns(found.flatMap(({ checks }) => checks.map((check) => row(check, styles))));
	return [
		title,
		...found.flatMap(({ checks }, index) => [
			instanceLines[index] ?? "",
			...checkLines.splice(0, checks.length).map((line) => `  ${line}`),
		]),
	];
}

function row({ name, ok, critical, facts, error, durationMs, checkedAt }: CheckReport, styles: Styles) {
	const found = Object.entries(facts ?? {}).map(([fact, value]) => `${fact}=${value}`);
	return [
		name,
		`${ok ? "ok" : styles.red("failing")}${critical ? "" : " (not critical)"}`,
		durationMs === undefined ? "" : `${durationMs} ms`,
		checkedAt === undefined ? "not run yet" : `${formatAge(Date.now() - Date.parse(checkedAt))} ago`,
		error ?? found.join(" "),
	];
}
