import { fields } from "@allium/backend";
import { type InstanceRecord, parseInstanceRecord } from "@allium/core/registry";
import { fromBase64 } from "./keys.ts";

/** The value of a key whose instance is about to leave. It lets watchers distinguish this from a lease that ran out. */
export const farewell = "";

/** A key of an instance. */
export interface KeyState {
	/** In base64. */
	readonly key: string;
	/** Undefined where the value is not a record. */
	readonly record: InstanceRecord | undefined;
	/** Whether the instance is about to leave. */
	readonly isFarewell: boolean;
	/** Grows with each change of any key. */
	readonly revision: number;
}

/** Reads a key and its value as etcd gives them; undefined where it gives no key. */
export function keyState(kv: unknown): KeyState | undefined {
	const { key, value, mod_revision } = fields(kv);
	if (typeof key !== "string") return undefined;
	// An empty value is left out.
	const text = typeof value === "string" ? fromBase64(value) : "";
	return {
		key,
		record: parseInstanceRecord(text),
		isFarewell: text === farewell,
		revision: Number(mod_revision ?? 0),
	};
}
