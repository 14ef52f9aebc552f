import { type Fields, fields } from "@allium/backend";

/** A list of Eureka: of all instances, or of the instances that changed. */
export interface Applications {
	/** Grows with each change, where the server counts them. */
	readonly version: string;
	/** How many of all instances have which status, as in `DOWN_1_UP_2_`. */
	readonly hash: string;
	readonly instances: readonly Fields[];
}

/** Reads the JSON of a list; undefined for something else. Older servers write an array of one without its brackets. */
export function readApplications(text: string): Applications | undefined {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return undefined;
	}
	const { applications } = fields(value);
	if (typeof applications !== "object" || applications === null) return undefined;
	const { versions__delta, apps__hashcode, application } = fields(applications);
	return {
		version: textOf(versions__delta),
		hash: textOf(apps__hashcode),
		instances: several(application).flatMap((app) => several(fields(app).instance).map(fields)),
	};
}

function several(value: unknown): readonly unknown[] {
	if (Array.isArray(value)) return value;
	return value === undefined || value === null ? [] : [value];
}

function textOf(value: unknown): string {
	return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
