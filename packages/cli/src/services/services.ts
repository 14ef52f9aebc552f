import type { Instance } from "@allium/core";
import { compareVersions } from "@allium/core/reflection";
import { httpUrl } from "@allium/node";
import type { Run } from "../command/command.ts";
import { exitCode } from "../command/exit-code.ts";
import { Directory } from "../discovery/directory.ts";
import type { Styles } from "../terminal/terminal.ts";
import { columns } from "../text/columns.ts";
import { formatAge } from "../text/duration.ts";
import { conflicts } from "./conflicts.ts";
import { withForeign } from "./with-foreign.ts";

/** One version of a service, and the instances that serve it. */
interface ServiceGroup {
	readonly name: string;
	readonly version: string;
	readonly instances: Instance[];
}

/** How much of an id to show: enough to tell instances apart. */
const idLength = 8;

/** `allium services` */
export const services: Run = async (words, surroundings) => {
	const { terminal } = surroundings;
	const directory = await Directory.open(words, surroundings);
	try {
		const instances = await withForeign(await directory.instances(), words, surroundings);
		const groups = byService(instances);
		if (words.has("json")) {
			await terminal.print(JSON.stringify(groups.map(plain), null, terminal.isInteractive ? 2 : 0));
		} else if (groups.length === 0) {
			const where = `${directory.url} (namespace ${directory.namespace})`;
			await terminal.print(`No service is up in ${where}; start one with: allium dev path/to/main.ts`);
		} else {
			await terminal.print(table(groups, terminal.styles).join("\n"));
		}
		for (const line of await conflicts(instances, words, surroundings)) terminal.complain(line);
		return exitCode.ok;
	} finally {
		await directory.close();
	}
};

function byService(instances: readonly Instance[]): ServiceGroup[] {
	const groups = new Map<string, ServiceGroup>();
	for (const instance of instances) {
		for (const { name, version } of instance.services) {
			const key = JSON.stringify([name, version]);
			const group = groups.get(key) ?? { name, version, instances: [] };
			group.instances.push(instance);
			groups.set(key, group);
		}
	}
	return [...groups.values()].sort(
		(one, other) => one.name.localeCompare(other.name) || compareVersions(one.version, other.version),
	);
}

function plain({ name, version, instances }: ServiceGroup): object {
	return {
		name,
		version,
		instances: instances.map(({ id, app, addresses, zone, labels, status, startedAt, foreign }) => ({
			id,
			app,
			status,
			...(foreign === true && { foreign }),
			addresses,
			...(zone !== undefined && { zone }),
			labels,
			startedAt,
		})),
	};
}

function table(groups: readonly ServiceGroup[], styles: Styles): string[] {
	const titles = ["SERVICE", "VERSION", "INSTANCES", "ADDRESSES", "APP", "AGE", "ID"];
	const now = Date.now();
	return columns([
		titles.map(styles.dim),
		...groups.flatMap(({ name, version, instances }) =>
			instances.map((instance, index) => [
				...(index === 0 ? [styles.bold(name), version, String(instances.length)] : ["", "", ""]),
				address(instance),
				instance.app,
				instance.startedAt === "" ? "" : formatAge(now - Date.parse(instance.startedAt)),
				styles.dim(instance.id.slice(0, idLength)),
			]),
		),
	]);
}

/** Where a person can reach an instance, whether it is a plain web service, and any problem with it. */
function address({ addresses, status, foreign }: Instance): string {
	const shown = addresses.find((one) => /^https?:/.test(one)) ?? addresses[0];
	const where = shown === undefined ? "none" : httpUrl(shown);
	const remarks = [...(foreign === true ? ["foreign"] : []), ...(status === "up" ? [] : [status])];
	return remarks.length === 0 ? where : `${where} (${remarks.join(", ")})`;
}
