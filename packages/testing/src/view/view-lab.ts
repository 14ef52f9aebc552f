import { Context } from "@allium/core";
import { cursorAt } from "@allium/core/event";
import type {
	ParkedKey,
	StoredDocument,
	ViewBuildReport,
	ViewChange,
	ViewDefinition,
	ViewLease,
	ViewPlaces,
	ViewStore,
	ViewTransaction,
	ViewVersionId,
} from "@allium/core/store";
import { expect } from "vitest";
import { BackendLab, type BackendSetup } from "../suite/backend-lab.ts";
import type { SuiteCase } from "../suite/suite-case.ts";

/** The backend that one test of view stores runs against. */
export interface ViewSetup extends BackendSetup<ViewStore> {
	/** Whether it speaks SQL. Default: no. */
	readonly sql?: true;
	/**
	 * The program that the suite runs as separate processes, which it kills: the module that exports `viewStore(url)` and
	 * `eventStore(url, options)`, and a URL that names the same store. Default: no processes are killed.
	 */
	readonly program?: { readonly module: string; readonly url: string };
}

/** The exports of an adapter's module with which a separate process opens a view store. */
export interface ViewStoreModule {
	viewStore(url: string): ViewStore | Promise<ViewStore>;
}

/** An ability that only some backends have. */
export type ViewAbility = "sql" | "program";

/** Why a test is skipped without the ability. */
export const withoutViewAbility: Readonly<Record<ViewAbility, string>> = {
	sql: "the store keeps documents alone",
	program: "the setup names no module for processes of their own",
};

/** A conformance test of the port `ViewStore`. */
export type ViewStoreCase = SuiteCase<ViewLab, ViewAbility>;

/** The root of all contexts of the suite. */
export const background: Context = Context.background();

/** The view of tests that need only one. */
export const board: ViewVersionId = { name: "board", version: 1 };
export const boardDefinition: ViewDefinition = { ...board, shape: "board" };
export const counts: ViewDefinition = {
	name: "counts",
	version: 1,
	shape: "counts",
	tables: "CREATE TABLE counts (name TEXT PRIMARY KEY, count INTEGER NOT NULL)",
};

/** The error that a stale lease gets. */
export const leaseLost: object = { code: "aborted", reason: "lease_lost" };

/** The backend of one test, and the views on it. */
export class ViewLab extends BackendLab<ViewStore, ViewSetup> {
	/** A store with a build, held by a member. */
	async held(
		definition: ViewDefinition = boardDefinition,
		member = "a",
	): Promise<{ readonly store: ViewStore; readonly lease: ViewLease }> {
		const store = await this.open();
		await store.open(definition, background);
		return { store, lease: await take(store, definition, member) };
	}
}

/** The report of a build of a version. Default: the first build. */
export async function reported(store: ViewStore, id: ViewVersionId, build = 1): Promise<ViewBuildReport> {
	const report = await store.report(id, background);
	return report?.builds.find((each) => each.build === build) ?? expect.unreachable();
}

/** Claims a build, even if another member holds it. */
export async function take(
	store: ViewStore,
	id: ViewVersionId,
	member: string,
	build = 1,
): Promise<ViewLease> {
	const { epoch } = await reported(store, id, build);
	const lease = await store.build({ ...id, build }).claim(member, epoch, background);
	return lease ?? expect.unreachable();
}

/** Places that consist of one topic and one lane. */
export function at(position: number, lane = 0, topic = "matches"): ViewPlaces {
	return new Map([[topic, new Map([[lane, position === 0 ? "" : cursorAt(position, `event-${position}`)]])]]);
}

export function document(key: string, value: unknown, fields: StoredDocument["fields"] = {}): StoredDocument {
	return { key, text: JSON.stringify(value), fields };
}

/** Documents in the form that a change has. */
export function puts(...documents: readonly StoredDocument[]): Map<string, StoredDocument | null> {
	return new Map(documents.map((each) => [each.key, each]));
}

export function parkedKey(key: string, change: Partial<ParkedKey> = {}): ParkedKey {
	return {
		key,
		topic: "matches",
		lane: 0,
		cursor: cursorAt(3, "event-3"),
		eventId: "event-3",
		from: at(2),
		error: { code: "internal", message: "no" },
		since: 1_700_000_000_000,
		due: false,
		...change,
	};
}

/** Applies a change. */
export function save(
	store: ViewStore,
	id: ViewVersionId,
	lease: ViewLease,
	change: ViewChange,
	work?: (tx: ViewTransaction) => Promise<unknown>,
): Promise<void> {
	return store.build({ ...id, build: 1 }).apply(
		lease,
		async (tx) => {
			await work?.(tx);
			return change;
		},
		background,
	);
}
