import type { AnyContract } from "@allium/core";
import type { EventRecord } from "@allium/core/event";
import { contract, event } from "allium";
import * as z from "zod";

const data = z.object({ id: z.string(), size: z.int(), note: z.string() });

/** The data of the benchmark's events: about 150 bytes of JSON. */
export type Told = z.infer<typeof data>;

/** The contract of one topic of the benchmark. */
export function toldContract<Name extends string>(name: Name) {
	return contract(name, { told: event({ key: "id", data }) });
}

const note = "x".repeat(100);
const started = Date.now();
let count = 0;

/** One of 1,000 keys. */
export function nextData(): Told {
	return { id: `key-${count++ % 1_000}`, size: 19, note };
}

/** Ids of the length of UUIDs that ascend as those of Allium do, so that indexes grow at their end. */
function nextId(): string {
	return `${process.pid.toString(16).padStart(8, "0")}-${started.toString(16)}-${count.toString(16).padStart(14, "0")}`;
}

/** An event that is ready for a log. */
export function nextRecord({ "~allium": { name } }: AnyContract): EventRecord {
	const data = nextData();
	const id = nextId();
	return {
		id,
		type: `${name}.told`,
		version: 1,
		source: "bench",
		key: data.id,
		time: new Date().toISOString(),
		data,
		correlationId: id,
	};
}
