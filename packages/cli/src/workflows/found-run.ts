import { isServiceError, type ServiceError } from "@allium/core";
import type { StreamSummary } from "@allium/core/store";
import {
	Journal,
	journalContract,
	prefixOf,
	type RunState,
	type RunSummary,
	runSummary,
	stateOf,
	streamOf,
	topicOf,
} from "@allium/events/journal";
import type { CommandError } from "../command/command-error.ts";
import { unknownName } from "../discovery/unknown-name.ts";
import type { OpenedStore } from "../streams/opened-store.ts";

/** The source of the entries that the command writes. */
const source = "allium";

/** How many keys are read for completions and suggestions. */
const mostKeys = 1_000;

/** How many streams are listed at once. */
const pageSize = 100;

/** How many journals are read at once. A page of each is in memory. */
const readAtOnce = 8;

/** A run, as its journal describes it. */
export interface FoundRun {
	readonly workflow: string;
	readonly key: string;
	readonly journal: Journal;
	readonly state: RunState;
}

/**
 * Reads a run.
 *
 * @throws CommandError that names the existing runs if there is no such run.
 */
export async function foundRun(opened: OpenedStore, workflow: string, key: string): Promise<FoundRun> {
	const stream = await streamOf(workflow, key);
	const journal = await loaded(opened, workflow, key, stream);
	if (journal.entries.length === 0) throw await unknownRun(opened, workflow, key);
	return { workflow, key, journal, state: stateOf(journal.entries) };
}

/** A run in a list. */
export interface ListedRun {
	readonly workflow: string;
	/** The key as far as the name of the stream contains it, if the journal cannot be read. */
	readonly key: string;
	/** The value for `--after` with which a list continues behind this run. */
	readonly place: string;
	readonly run: RunSummary | UnreadableRun;
}

/** A run whose journal cannot be read. */
export interface UnreadableRun {
	/** The reason and the remedy. */
	readonly fault: string;
}

/**
 * Reads all runs, or those of a workflow, sorted by their names. A journal that cannot be read hides no other.
 *
 * @param behind the place of the run behind which it begins.
 */
export async function* listedRuns(
	opened: OpenedStore,
	workflow: string | undefined,
	behind: string | undefined,
): AsyncGenerator<ListedRun> {
	const after = behind === undefined ? undefined : prefixOf() + behind;
	for await (const page of journals(opened, prefixOf(workflow), after)) {
		for (let first = 0; first < page.length; first += readAtOnce) {
			const some = page.slice(first, first + readAtOnce);
			yield* await Promise.all(some.map((summary) => listedRun(opened, summary)));
		}
	}
}

async function listedRun({ store, ask }: OpenedStore, { stream }: StreamSummary): Promise<ListedRun> {
	const [, workflow = ""] = stream.split("/", 2);
	const place = stream.slice(prefixOf().length);
	const run = await ask((ctx) => runSummary(store, stream, ctx).catch(unreadable));
	// The name of the stream has only the beginning of a long key.
	const key = ("key" in run ? run.key : undefined) ?? keyIn(stream);
	return { workflow, key, place, run };
}

function unreadable(error: unknown): UnreadableRun {
	if (!isServiceError(error) || !isFault(error)) throw error;
	return { fault: error.message };
}

/** Whether the journal itself is at fault, not the access to it. */
function isFault({ code, reason }: ServiceError): boolean {
	return code === "data_loss" || reason === "unknown_entry";
}

function loaded(
	{ store, ask }: OpenedStore,
	workflow: string,
	key: string,
	stream: string,
): Promise<Journal> {
	// Entries are written with the version of those before them.
	const facts = { workflow, key, stream, contract: journalContract(workflow, 1), source };
	return ask((ctx) => Journal.load(facts, store, ctx));
}

/** The streams that are journals, in pages. */
async function* journals(
	{ store, ask }: OpenedStore,
	prefix: string,
	behind: string | undefined,
): AsyncGenerator<readonly StreamSummary[]> {
	let after = behind;
	do {
		const page = { prefix, limit: pageSize, ...(after !== undefined && { after }) };
		const { items, next } = await ask((ctx) => store.streams(page, ctx));
		yield items.filter(isJournal);
		after = next;
	} while (after !== undefined);
}

/** The workflows that have runs. */
export async function workflowNames({ store, ask }: OpenedStore): Promise<string[]> {
	const names: string[] = [];
	let after: string | undefined;
	for (;;) {
		const page = { prefix: prefixOf(), limit: 1, ...(after !== undefined && { after }) };
		const { items } = await ask((ctx) => store.streams(page, ctx));
		const [first] = items;
		if (first === undefined) return names;
		const [, name = ""] = first.stream.split("/", 2);
		if (isJournal(first)) names.push(name);
		// Continues behind all journals of this workflow: "0" comes after "/".
		after = `${prefixOf(name).slice(0, -1)}0`;
	}
}

/** The first keys that a workflow has runs for. */
export async function runKeys({ store, ask }: OpenedStore, workflow: string): Promise<string[]> {
	const { items } = await ask((ctx) => store.streams({ prefix: prefixOf(workflow), limit: mostKeys }, ctx));
	return items.filter(isJournal).map(({ stream }) => keyIn(stream));
}

/** The sentence that tells that there are no runs, and how one begins. */
export function noRuns(url: string, workflow?: string): string {
	const which = workflow === undefined ? "no run of a workflow" : `no run of the workflow ${workflow}`;
	return `There is ${which} in ${url}: a run begins with the first event of its key, once an app orchestrates the workflow.`;
}

/** Makes the error for a run, or a workflow, that does not exist. */
export async function unknownRun(opened: OpenedStore, workflow: string, key?: string): Promise<CommandError> {
	const { url } = opened;
	const names = await workflowNames(opened);
	if (key === undefined || !names.includes(workflow)) {
		const sentence = `There is no workflow ${JSON.stringify(workflow)} with runs in ${url}`;
		return unknownName(sentence, workflow, names, noRuns(url));
	}
	const sentence = `The workflow ${workflow} in ${url} has no run ${JSON.stringify(key)}`;
	return unknownName(sentence, key, await runKeys(opened, workflow), noRuns(url, workflow));
}

/** Applications may have streams whose names begin in the same way. */
function isJournal({ stream, topic }: StreamSummary): boolean {
	const [, workflow = "", key] = stream.split("/");
	return key !== undefined && topic === topicOf(workflow);
}

function keyIn(stream: string): string {
	return stream.slice(stream.indexOf("/", prefixOf().length) + 1);
}
