import { type Context, ServiceError } from "@allium/core";
import type {
	Cursors,
	Deferred,
	DeferredInLane,
	Delayed,
	GroupId,
	GroupReport,
	GroupStore,
	LaneChange,
	LaneLease,
	LaneReport,
	LaneState,
	Member,
	MemberReport,
	Slice,
	Which,
} from "@allium/core/event";
import { arrayLiteral } from "./array-literal.ts";
import type { BackendHandle } from "./backend-handle.ts";
import type { Value } from "./connection-pool.ts";
import { type DeferredRow, deferredOf, deferredValues } from "./deferred-row.ts";
import { type GroupStatements, groupStatements } from "./group-statements.ts";
import { indexedNames, indexedText, originalText, storedText } from "./stored-text.ts";

interface LaneRow extends Omit<LaneReport, "holder"> {
	readonly holder: string | null;
}

interface RevisionRow {
	readonly id: number;
	readonly revision: string;
}

interface ReportRow extends RevisionRow {
	readonly members: readonly MemberRow[];
	readonly lanes: readonly LaneRow[];
}

interface MemberRow {
	readonly member: string;
	readonly handles: string;
	readonly joined: number;
	readonly renewal: string;
	readonly silent: number | null;
}

interface ClaimedRow {
	readonly epoch: number;
	readonly cursor: string;
	readonly ahead: string;
	readonly crashes: number;
	readonly trying: string | null;
}

/** One group in PostgreSQL. */
export class PostgresGroup implements GroupStore {
	readonly #id: GroupId;
	readonly #key: string;
	readonly #handle: BackendHandle;
	readonly #statements: GroupStatements;
	/** The number of the group, and the revision that the last report told of. */
	#seen: RevisionRow | undefined;

	constructor(id: GroupId, handle: BackendHandle) {
		this.#id = id;
		this.#key = indexedNames(id.topic, id.group);
		this.#handle = handle;
		this.#statements = groupStatements(handle.backend.database.channel);
	}

	async create(cursors: Cursors, ctx: Context): Promise<boolean> {
		const names = [storedText(this.#id.topic), storedText(this.#id.group)];
		return (await this.#run("create", [...names, ...cursorValues(cursors)], ctx)).length > 0;
	}

	async report(ctx: Context): Promise<GroupReport | undefined> {
		const [row] = await this.#run<ReportRow>("report", [], ctx);
		this.#seen = row;
		if (row === undefined) return undefined;
		return { members: row.members.map(memberOf), lanes: row.lanes.map(laneOf) };
	}

	async members(ctx: Context): Promise<readonly MemberReport[]> {
		return (await this.#run<MemberRow>("members", [], ctx)).map(memberOf);
	}

	async join({ id, handles }: Member, ctx: Context): Promise<void> {
		const rows = await this.#run("join", [storedText(id), storedText(JSON.stringify(handles))], ctx);
		if (rows.length === 0) throw this.#missing();
	}

	async leave(member: string, ctx: Context): Promise<void> {
		await this.#run("leave", [storedText(member)], ctx);
	}

	async claim(lane: number, member: string, seenEpoch: number, ctx: Context): Promise<LaneLease | undefined> {
		const [row] = await this.#run<ClaimedRow>("claim", [lane, storedText(member), seenEpoch], ctx);
		if (row === undefined) return undefined;
		const state: LaneState = {
			cursor: row.cursor,
			ahead: JSON.parse(row.ahead),
			deferred: await this.deferred(lane, ctx),
			crashes: row.crashes,
			...(row.trying !== null && { trying: JSON.parse(row.trying) }),
		};
		return { lane, member, epoch: row.epoch, state };
	}

	async save({ lane, epoch }: LaneLease, change: LaneChange, ctx: Context): Promise<void> {
		const { cursor, ahead, crashes, trying, defer = [], settle = [], undelay = [], delay = [] } = change;
		const isPut = new Set(defer.map(({ id }) => id));
		const isPutLater = new Set(delay.map(({ cursor }) => cursor));
		const rows = await this.#run(
			"save",
			[
				...[lane, epoch, cursor ?? null, ahead === undefined ? null : JSON.stringify(ahead), crashes ?? null],
				trying === undefined || trying === "none" ? (trying ?? null) : JSON.stringify(trying),
				// One statement must not remove a row and put it back.
				arrayLiteral(settle.filter((id) => !isPut.has(id)).map(indexedText)),
				...deferredValues(defer),
				arrayLiteral(undelay.filter((cursor) => !isPutLater.has(cursor))),
				arrayLiteral(delay.map(({ cursor }) => cursor)),
				arrayLiteral(delay.map(({ due }) => due)),
			],
			ctx,
		);
		if (rows.length === 0) throw this.#leaseLost(lane);
	}

	async release({ lane, epoch }: LaneLease, ctx: Context): Promise<void> {
		await this.#run("release", [lane, epoch], ctx);
	}

	delayed(lane: number, before: number, limit: number, ctx: Context): Promise<readonly Delayed[]> {
		return this.#run<Delayed>("delayed", [lane, before, limit], ctx);
	}

	async deferred(lane: number, ctx: Context): Promise<readonly Deferred[]> {
		return (await this.#run<DeferredRow>("deferred", [lane], ctx)).map(deferredOf);
	}

	async parked(
		{ after, limit }: { readonly after?: string; readonly limit: number },
		ctx: Context,
	): Promise<Slice<DeferredInLane>> {
		const [, lane = "-1", id = ""] = /^(\d+) (.*)$/s.exec(after ?? "") ?? [];
		const rows = await this.#run<DeferredRow>("parked", [Number(lane), id, limit + 1], ctx);
		const found = rows.slice(0, limit);
		const last = found.at(-1);
		const items = found.map((row) => ({ ...deferredOf(row), lane: row.lane }));
		return { items, ...(last !== undefined && rows.length > limit && { next: `${last.lane} ${last.id}` }) };
	}

	async counts(
		ctx: Context,
	): Promise<{ readonly retrying: number; readonly parked: number; readonly delayed: number }> {
		const rows = await this.#run<{ retrying: number; parked: number; delayed: number }>("counts", [], ctx);
		return rows[0] ?? { retrying: 0, parked: 0, delayed: 0 };
	}

	replay(which: Which, ctx: Context): Promise<number> {
		return this.#edit(which, false, ctx);
	}

	discard(which: Which, ctx: Context): Promise<number> {
		return this.#edit(which, true, ctx);
	}

	async rewind(cursors: Cursors, ctx: Context): Promise<void> {
		if ((await this.#run("rewind", cursorValues(cursors), ctx)).length > 0) return;
		if ((await this.#run("revision", [], ctx)).length === 0) throw this.#missing();
		throw this.#isHeld("put at another place");
	}

	async forget(ctx: Context): Promise<void> {
		if ((await this.#run("forget", [], ctx)).length > 0) return;
		if ((await this.#run("revision", [], ctx)).length > 0) throw this.#isHeld("removed");
	}

	async changed(ctx: Context): Promise<void> {
		const seen = this.#seen;
		const { id } = seen ?? (await this.#revision(ctx));
		const isChanged = async (): Promise<boolean> => {
			const now = await this.#revision(ctx);
			return now.id !== seen?.id || now.revision !== seen.revision;
		};
		await this.#handle.wait(`g${id}`, isChanged, ctx);
	}

	async #revision(ctx: Context): Promise<RevisionRow> {
		const [row] = await this.#run<RevisionRow>("revision", [], ctx);
		if (row === undefined) throw this.#missing();
		return row;
	}

	async #edit(which: Which, discard: boolean, ctx: Context): Promise<number> {
		const [kind, texts] =
			which === "all" ? ["all", []] : "ids" in which ? ["ids", which.ids] : ["keys", which.keys];
		return (await this.#run("edit", [discard, kind, arrayLiteral(texts.map(indexedText))], ctx)).length;
	}

	#run<Row extends object>(
		name: keyof GroupStatements,
		values: readonly Value[],
		ctx: Context,
	): Promise<readonly Row[]> {
		return this.#handle.query<Row>(this.#statements[name], [this.#key, ...values], ctx);
	}

	#missing(): ServiceError {
		const { topic, group } = this.#id;
		return new ServiceError({ code: "not_found", message: `the topic ${topic} has no group ${group}` });
	}

	#isHeld(what: string): ServiceError {
		return new ServiceError({
			code: "failed_precondition",
			message: `the group ${this.#id.group} of the topic ${this.#id.topic} is being worked on, and is not ${what}; stop its processes first`,
		});
	}

	#leaseLost(lane: number): ServiceError {
		return new ServiceError({
			code: "aborted",
			reason: "lease_lost",
			message: `another member of the group ${this.#id.group} has taken the lane ${lane} of the topic ${this.#id.topic}`,
		});
	}
}

function cursorValues(cursors: Cursors): [string, string] {
	return [arrayLiteral(cursors.keys()), arrayLiteral(cursors.values())];
}

function laneOf({ holder, ...row }: LaneRow): LaneReport {
	return { ...row, holder: holder === null ? undefined : originalText(holder) };
}

function memberOf({ member, handles, joined, renewal, silent }: MemberRow): MemberReport {
	return {
		id: originalText(member),
		handles: JSON.parse(originalText(handles)),
		joined,
		renewal,
		...(silent !== null && { silentMs: Math.max(0, silent) }),
	};
}
