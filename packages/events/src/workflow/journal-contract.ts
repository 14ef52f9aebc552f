import { type Contract, contract, type EventSpec, event, type Schema } from "@allium/core";
import { type Fact, kindsOfEntries } from "./journal-entry.ts";

/** The longest name of a stream, in bytes. */
const longestStream = 512;

/** The topic of the journals of a workflow. */
export function topicOf(workflow: string): string {
	return `workflow.${workflow}`;
}

/** The beginning of the names of all journals of a workflow; without one, of all workflows. */
export function prefixOf(workflow?: string): string {
	return workflow === undefined ? "workflow/" : `workflow/${workflow}/`;
}

/**
 * The name of the stream that is the journal of a run. If the key is too long for a name, the name has its beginning
 * and a hash.
 */
export async function streamOf(workflow: string, key: string): Promise<string> {
	const stream = prefixOf(workflow) + key;
	const bytes = new TextEncoder().encode(stream);
	if (bytes.length <= longestStream) return stream;
	const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
	const hash = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
	return `${prefixOf(workflow)}${[...key].slice(0, 60).join("")}~${hash}`;
}

/** A contract of journals: their entries are its events. */
export type JournalContract = Contract<Readonly<Record<Fact["is"], EventSpec>>>;

/**
 * The contract of the journals of a workflow. Versions of its events are versions of the workflow: so a process gets
 * only runs whose code it has.
 */
export function journalContract(workflow: string, version: number): JournalContract {
	const same = (data: unknown): unknown => data;
	const upcast = Object.fromEntries(Array.from({ length: version - 1 }, (_, index) => [index + 1, same]));
	const kinds = Object.keys(kindsOfEntries) as Fact["is"][];
	const specs = kinds.map(
		(is) => [is, event<Schema, never, number>({ data: anything, version, upcast })] as const,
	);
	return contract(topicOf(workflow), Object.fromEntries(specs) as Readonly<Record<Fact["is"], EventSpec>>);
}

/** @throws TypeError for a name that no topic can have. */
export function checkedTopic(workflow: string): string {
	if (typeof workflow !== "string") throw new TypeError("a workflow has a name as its first argument");
	contract(topicOf(workflow), {});
	return topicOf(workflow);
}

/** A schema that accepts everything as it is: entries are read where they are used. */
const anything: Schema = {
	"~standard": {
		version: 1,
		vendor: "allium",
		validate: (value: unknown) => ({ value }),
		...{ jsonSchema: { input: () => ({}), output: () => ({}) } },
	},
};
