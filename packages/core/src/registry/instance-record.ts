import { ServiceError } from "../errors/service-error.ts";
import type { Instance, ServedContract } from "./instance.ts";

/** The largest record of one instance, in UTF-16 code units of its JSON. */
export const maxInstanceRecordLength: number = 256 * 1024;

/** An instance as registries store and compare it. For authors of registries. */
export interface InstanceRecord {
	/** Identifies the instance among those of all namespaces. */
	readonly key: string;
	/** JSON. Records with equal texts are equal. */
	readonly text: string;
	readonly instance: Instance;
}

/** The key of the records of one instance. */
export function instanceKey({ namespace, id }: Pick<Instance, "namespace" | "id">): string {
	return JSON.stringify([namespace, id]);
}

/**
 * The record of an instance. It is a copy, so a later change to the original has no effect on it. Throws
 * `invalid_argument` for a value that is not an instance, or is larger than {@link maxInstanceRecordLength}.
 */
export function instanceRecord(instance: Instance): InstanceRecord {
	const text = JSON.stringify(sorted(instance));
	const record = readRecord(text);
	if (record === undefined) throw invalid("the instance to register is not of the form of Instance");
	if (text.length > maxInstanceRecordLength) {
		throw invalid(
			`the instance to register is larger than ${maxInstanceRecordLength} bytes: shorten its labels`,
		);
	}
	return record;
}

/**
 * Reads a record that another process wrote of itself; undefined when it is none. A process says when it started: so
 * nobody can write a record of an app that clients would take for a mere address, and not ask for its certificate.
 */
export function parseInstanceRecord(text: string): InstanceRecord | undefined {
	const record = readRecord(text);
	return record?.instance.startedAt === "" ? undefined : record;
}

function readRecord(text: string): InstanceRecord | undefined {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return undefined;
	}
	return isInstance(value) ? { key: instanceKey(value), text, instance: value } : undefined;
}

/** The same instance with its fields and labels in one order, so that equal instances have equal texts. */
function sorted({ services, labels, ...rest }: Instance): unknown {
	const ordered: [string, unknown][] = Object.entries(rest).sort(byName);
	return Object.fromEntries([
		...ordered,
		["services", services?.map(({ name, version, hash }) => ({ name, version, hash }))],
		["labels", Object.fromEntries(Object.entries(labels ?? {}).sort(byName))],
	]);
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
	return left < right ? -1 : left > right ? 1 : 0;
}

function isInstance(value: unknown): value is Instance {
	if (typeof value !== "object" || value === null) return false;
	const { id, app, namespace, addresses, services, zone, labels, weight, status, startedAt, foreign } =
		value as Partial<Record<keyof Instance, unknown>>;
	return (
		[id, app, namespace, startedAt].every(isString) &&
		(zone === undefined || isString(zone)) &&
		(foreign === undefined || typeof foreign === "boolean") &&
		(status === "up" || status === "draining" || status === "unhealthy") &&
		typeof weight === "number" &&
		Array.isArray(addresses) &&
		addresses.every(isString) &&
		Array.isArray(services) &&
		services.every(isServedContract) &&
		typeof labels === "object" &&
		labels !== null &&
		Object.values(labels).every(isString)
	);
}

function isServedContract(value: unknown): value is ServedContract {
	if (typeof value !== "object" || value === null) return false;
	const { name, version, hash } = value as Partial<Record<keyof ServedContract, unknown>>;
	return isString(name) && isString(version) && isString(hash);
}

function isString(value: unknown): value is string {
	return typeof value === "string";
}

function invalid(message: string): ServiceError {
	return new ServiceError({ code: "invalid_argument", message });
}
