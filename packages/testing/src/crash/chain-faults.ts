import { Context } from "@allium/core";
import type { Cursors, Placed, TopicLog } from "@allium/core/event";
import type { ViewBuildReport, ViewStore, ViewVersionId } from "@allium/core/store";
import { type Chain, emptyChain, longer } from "./crash-views.ts";

const background = Context.background();
const page = { events: 1_000, bytes: 4 * 1024 * 1024 };

/** All events of a topic, in the order of its log. */
export async function eventsIn(topic: TopicLog): Promise<readonly Placed[]> {
	const all: Placed[] = [];
	let cursors: Cursors = await topic.at("start", background);
	for (;;) {
		const { events, next } = await topic.read(cursors, page, background);
		if (events.length === 0) return all;
		all.push(...events);
		cursors = next;
	}
}

/** The differences between the builds of a view and the events up to their places, one sentence each. */
export async function chainFaults(
	store: ViewStore,
	id: ViewVersionId,
	topic: TopicLog,
): Promise<readonly string[]> {
	const events = await eventsIn(topic);
	const report = await store.report(id, background);
	const faults: string[] = [];
	for (const build of report?.builds ?? []) {
		const what = `build ${build.build} of ${id.name}`;
		if (build.parked > 0) faults.push(`${what} has ${build.parked} parked keys`);
		const expected = folded(events, build.places.get(topic.topic) ?? new Map());
		const found =
			report?.kind === "sql" ? await rowsOf(store, id, build) : await documentsOf(store, id, build);
		faults.push(...differences(what, expected, found));
	}
	return faults;
}

/** The chains that result from the events up to the given places. */
function folded(events: readonly Placed[], places: Cursors): ReadonlyMap<string, Chain> {
	const chains = new Map<string, Chain>();
	for (const { event, lane, cursor } of events) {
		const { key = "" } = event;
		if (cursor <= (places.get(lane) ?? "")) chains.set(key, longer(chains.get(key) ?? emptyChain, event.id));
	}
	return chains;
}

function* differences(
	what: string,
	expected: ReadonlyMap<string, Chain>,
	found: ReadonlyMap<string, Chain>,
): Iterable<string> {
	for (const key of new Set([...expected.keys(), ...found.keys()])) {
		const [wanted, has] = [expected.get(key) ?? emptyChain, found.get(key) ?? emptyChain];
		if (wanted.length !== has.length) {
			yield `${what} took ${has.length} events of the key ${key}, and its log has ${wanted.length} up to its place`;
		} else if (wanted.hash !== has.hash) {
			yield `${what} took other events of the key ${key} than its log has, or in another order`;
		}
	}
}

async function rowsOf(
	store: ViewStore,
	id: ViewVersionId,
	{ build }: ViewBuildReport,
): Promise<ReadonlyMap<string, Chain>> {
	const sql = store.build({ ...id, build }).query(background);
	const rows = await sql<{
		name: string;
		length: number;
		hash: string;
	}>`SELECT name, length, hash FROM chains`;
	return new Map(rows.map(({ name, length, hash }) => [name, { length, hash }]));
}

async function documentsOf(
	store: ViewStore,
	id: ViewVersionId,
	{ build }: ViewBuildReport,
): Promise<ReadonlyMap<string, Chain>> {
	const { items } = await store.build({ ...id, build }).find({ fields: {}, limit: 1_000 }, background);
	return new Map(items.map(({ key, text }) => [key, JSON.parse(text)]));
}
