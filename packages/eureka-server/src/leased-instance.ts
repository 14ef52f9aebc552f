import {
	type Action,
	type EurekaInstance,
	type InstanceTimes,
	instanceFields,
	shownStatus,
} from "./eureka-instance.ts";
import { writeXml } from "./xml-writer.ts";

/** The two forms in which Eureka answers. */
export type Format = "json" | "xml";

/** One state of a registered instance. Each change makes another one. */
export class LeasedInstance {
	readonly instance: EurekaInstance;
	readonly times: InstanceTimes;
	readonly action: Action;
	/** The number of the change that made it. Later changes have greater numbers. */
	readonly version: number;
	/** JSON. It is made at once, because its length tells how much memory the instance takes. */
	readonly json: string;
	#xml: string | undefined;

	constructor(instance: EurekaInstance, times: InstanceTimes, action: Action, version: number) {
		this.instance = instance;
		this.times = times;
		this.action = action;
		this.version = version;
		this.json = JSON.stringify(instanceFields(instance, times, action));
	}

	/** Identifies it among the instances of all apps. */
	get key(): string {
		return leaseKey(this.instance.app, this.instance.id);
	}

	/** About how much memory it takes, in bytes: its fields, its JSON and its XML. */
	get bytes(): number {
		return 4 * this.json.length;
	}

	text(format: Format): string {
		if (format === "json") return this.json;
		this.#xml ??= instanceXml(instanceFields(this.instance, this.times, this.action));
		return this.#xml;
	}

	/** The whole answer for this instance, with the time of its last renewal. */
	document(format: Format, renewedAt: number): string {
		const fields = instanceFields(this.instance, { ...this.times, renewedAt }, this.action);
		return format === "json" ? JSON.stringify({ instance: fields }) : instanceXml(fields);
	}
}

/** The key of an instance among those of all apps. */
export function leaseKey(app: string, id: string): string {
	return JSON.stringify([app, id]);
}

/** How many instances have which status, as in `DOWN_1_UP_2_`. Clients compare their state by it. */
export function hashCode(leased: Iterable<LeasedInstance>): string {
	const counts = new Map<string, number>();
	for (const { instance } of leased) {
		const status = shownStatus(instance);
		counts.set(status, (counts.get(status) ?? 0) + 1);
	}
	return [...counts]
		.sort()
		.map(([status, count]) => `${status}_${count}_`)
		.join("");
}

/** The list of these instances by apps, as Eureka answers it. */
export function applications(
	format: Format,
	leased: Iterable<LeasedInstance>,
	{ version, hash }: { readonly version: number; readonly hash: string },
): string {
	const apps = new Map<string, LeasedInstance[]>();
	for (const one of leased) {
		const others = apps.get(one.instance.app);
		if (others === undefined) apps.set(one.instance.app, [one]);
		else others.push(one);
	}
	const all = Array.from(apps, ([name, instances]) => application(format, name, instances));
	if (format === "xml") {
		return `<applications>${writeXml("versions__delta", version)}${writeXml("apps__hashcode", hash)}${all.join("")}</applications>`;
	}
	const head = `"versions__delta":"${version}","apps__hashcode":"${hash}"`;
	return `{"applications":{${head},"application":[${all.join(",")}]}}`;
}

/** The list of the instances of one app: an element, or in JSON an object without a name around it. */
export function application(format: Format, name: string, leased: readonly LeasedInstance[]): string {
	const texts = leased.map((one) => one.text(format));
	if (format === "json") return `{"name":${JSON.stringify(name)},"instance":[${texts.join(",")}]}`;
	return `<application>${writeXml("name", name)}${texts.join("")}</application>`;
}

/** In XML, the status that an operator has set has another name. */
function instanceXml(fields: object): string {
	const renamed = Object.entries(fields).map(([name, value]) => [
		name === "overriddenStatus" ? "overriddenstatus" : name,
		value,
	]);
	return writeXml("instance", Object.fromEntries(renamed));
}
