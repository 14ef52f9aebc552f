import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Context, isServiceError } from "@allium/core";
import { backendError, refusal } from "@allium/core/adapter";
import {
	checkDefinition,
	checkViewName,
	noSuchView,
	notBuilt,
	tellsMore,
	type ViewBuild,
	type ViewBuildId,
	type ViewDefinition,
	type ViewReport,
	type ViewStore,
	type ViewStoreFeatures,
	type ViewVersionId,
} from "@allium/core/store";
import { checkDuration } from "@allium/core/transport";
import { dataFolder } from "./data-folder.ts";
import { defaultBusyLimitMs } from "./database-file.ts";
import { fileFailure, systemCode } from "./failure.ts";
import { SqliteViewBuild } from "./sqlite-view-build.ts";
import { ViewFile } from "./view-file.ts";
import type { DefinedBuild } from "./view-tables.ts";

/** The options of a view store in SQLite. */
export interface SqliteViewStoreOptions {
	/** The folder from which relative paths and the search for the default folder begin. Default: the current folder. */
	readonly cwd?: string;
	/** How long an operation is retried while others hold a file, in milliseconds. Default: 5000. */
	readonly busyLimitMs?: number;
}

/**
 * The views of one machine: each version is the file `views/<name>.<version>.db` in the folder that the URL names (see
 * `dataFolder`), and each later build of it `views/<name>.<version>.<build>.db`. All processes that use the same folder
 * share them. A file that is deleted is built again from the events.
 *
 * @throws ServiceError `invalid_argument` for a URL of another form. The operations reject with `failed_precondition`
 * when a file cannot be used, and with `unavailable` when the disk is full or other processes held it for too
 * long.
 */
export function viewStore(url: string, options: SqliteViewStoreOptions = {}): ViewStore {
	const busyLimitMs = checkDuration("busyLimitMs", options.busyLimitMs ?? defaultBusyLimitMs);
	return new SqliteViewStore(dataFolder(url, options.cwd), busyLimitMs);
}

/** A build that is there. */
interface FoundBuild extends DefinedBuild {
	readonly build: number;
}

const features: ViewStoreFeatures = { sql: "sqlite" };

class SqliteViewStore implements ViewStore {
	readonly location: string;
	readonly #folder: string;
	readonly #busyLimitMs: number;
	readonly #files = new Map<string, ViewFile>();
	#isClosed = false;

	constructor(folder: string, busyLimitMs: number) {
		this.location = `sqlite://${folder}`;
		this.#folder = join(folder, "views");
		this.#busyLimitMs = busyLimitMs;
	}

	async features(ctx: Context): Promise<ViewStoreFeatures> {
		this.#check(ctx);
		return features;
	}

	async open(definition: ViewDefinition, ctx: Context): Promise<ViewReport> {
		this.#check(ctx);
		checkViewName(definition);
		if ((await this.#builds(definition, ctx)).length === 0) await this.#begin(definition, 1, ctx);
		// Another process may have made it meanwhile, from something else.
		const builds = await this.#builds(definition, ctx);
		for (const { definition: known } of builds) checkDefinition(definition, known);
		const older = builds.filter(({ definition: known }) => tellsMore(definition, known));
		for (const { build } of older) {
			await this.#file({ ...definition, build }).writeExisting((tables) => tables.adopt(definition), ctx);
		}
		return older.length > 0 ? this.open(definition, ctx) : this.#reportOf(definition, builds);
	}

	async report(id: ViewVersionId, ctx: Context): Promise<ViewReport | undefined> {
		this.#check(ctx);
		const builds = await this.#builds(id, ctx);
		return builds.length === 0 ? undefined : this.#reportOf(id, builds);
	}

	async versions(ctx: Context): Promise<readonly ViewReport[]> {
		this.#check(ctx);
		const ids = new Map(this.#listed().map(({ name, version }) => [`${name}.${version}`, { name, version }]));
		const reports: ViewReport[] = [];
		for (const id of ids.values()) {
			const report = await this.report(id, ctx).catch((error: unknown) => unreadable(id, error));
			if (report !== undefined) reports.push(report);
		}
		return reports.sort(byName);
	}

	async rebuild(id: ViewVersionId, ctx: Context): Promise<number> {
		this.#check(ctx);
		const builds = await this.#builds(id, ctx);
		const [known] = builds;
		if (known === undefined) throw noSuchView({ name: id.name, version: id.version });
		const live = liveOf(builds)?.build ?? 0;
		const begun = builds.find(({ build, liveSince }) => build > live && liveSince === 0);
		if (begun !== undefined) return begun.build;
		for (const { build } of builds) if (build < live) await this.#remove({ ...id, build });
		const next = Math.max(...builds.map(({ build }) => build)) + 1;
		await this.#begin(known.definition, next, ctx);
		return next;
	}

	async switch(id: ViewBuildId, ctx: Context): Promise<void> {
		this.#check(ctx);
		const found = (await this.#builds(id, ctx)).find(({ build }) => build === id.build);
		if (found === undefined) throw noSuchView(id);
		if (found.liveSince === 0) throw notBuilt(id);
		const since = await this.#nextLive(id, ctx);
		const file = this.#file(id);
		await file.writeExisting((tables) => tables.setLive(since), ctx);
		file.bell.ring();
	}

	async drop(id: ViewVersionId & { readonly build?: number }, ctx: Context): Promise<boolean> {
		this.#check(ctx);
		const listed = this.#listedOf(id).filter(({ build }) => id.build === undefined || build === id.build);
		for (const each of listed) await this.#remove(each);
		return listed.length > 0;
	}

	build(id: ViewBuildId): ViewBuild {
		const file = (): ViewFile => {
			this.#check();
			return this.#file(id);
		};
		return new SqliteViewBuild(id, file, (ctx) => this.#nextLive(id, ctx));
	}

	async changed(id: ViewVersionId, ctx: Context): Promise<void> {
		this.#check(ctx);
		const newest = this.#listedOf(id).at(-1) ?? { ...id, build: 1 };
		let isWoken = false;
		await this.#file(newest).bell.until(async () => {
			const was = isWoken;
			isWoken = true;
			return was;
		}, ctx);
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		const files = [...this.#files.values()];
		this.#files.clear();
		await Promise.all(files.map((file) => file.close()));
	}

	#check(ctx?: Context): void {
		if (this.#isClosed) throw refusal("the view store is closed");
		if (ctx?.error !== undefined) throw ctx.error;
	}

	async #begin(definition: ViewDefinition, build: number, ctx: Context): Promise<void> {
		checkTables(definition);
		await this.#file({ ...definition, build }).write((tables) => {
			if (!tables.isDefined()) tables.define(definition);
		}, ctx);
	}

	async #builds(id: ViewVersionId, ctx: Context): Promise<readonly FoundBuild[]> {
		const found: FoundBuild[] = [];
		for (const { build } of this.#listedOf(id)) {
			const defined = await this.#file({ ...id, build }).read((tables) => tables.build(), ctx);
			if (defined !== undefined) found.push({ build, ...defined });
		}
		return found;
	}

	#reportOf({ name, version }: ViewVersionId, builds: readonly FoundBuild[]): ViewReport {
		const { tables, owner, topics = [] } = builds[0]?.definition ?? {};
		return {
			name,
			version,
			kind: tables === undefined ? "documents" : "sql",
			owner,
			topics,
			live: liveOf(builds)?.build,
			builds: builds.map(({ build, report }) => ({ build, ...report })),
		};
	}

	async #nextLive(id: ViewVersionId, ctx: Context): Promise<number> {
		return Math.max(0, ...(await this.#builds(id, ctx)).map(({ liveSince }) => liveSince)) + 1;
	}

	#listed(): readonly ViewBuildId[] {
		return filesIn(this.#folder).flatMap((file) => idOf(file) ?? []);
	}

	/** The builds of a version, in the order of their numbers. */
	#listedOf({ name, version }: ViewVersionId): readonly ViewBuildId[] {
		return this.#listed()
			.filter((each) => each.name === name && each.version === version)
			.sort((one, other) => one.build - other.build);
	}

	#file({ name, version, build }: ViewBuildId): ViewFile {
		const path = join(this.#folder, `${name}.${version}${build === 1 ? "" : `.${build}`}.db`);
		const found = this.#files.get(path) ?? new ViewFile(path, name, this.#busyLimitMs);
		this.#files.set(path, found);
		return found;
	}

	async #remove(id: ViewBuildId): Promise<void> {
		const file = this.#file(id);
		this.#files.delete(file.path);
		await file.remove();
	}
}

/** The report of a version whose file cannot be used, so that the others are listed nevertheless. */
function unreadable({ name, version }: ViewVersionId, error: unknown): ViewReport {
	if (!isServiceError(error) || error.code !== "failed_precondition") throw error;
	const fault = error.message;
	return {
		name,
		version,
		kind: "documents",
		owner: undefined,
		topics: [],
		live: undefined,
		builds: [],
		fault,
	};
}

/** The build that was made live last. */
function liveOf(builds: readonly FoundBuild[]): FoundBuild | undefined {
	const built = builds.filter(({ liveSince }) => liveSince > 0);
	return built.sort((one, other) => other.liveSince - one.liveSince)[0];
}

function filesIn(folder: string): readonly string[] {
	try {
		return readdirSync(folder);
	} catch (error) {
		// Without a folder there is no view yet.
		if (systemCode(error) === "ENOENT") return [];
		throw fileFailure(folder, error);
	}
}

function idOf(file: string): ViewBuildId | undefined {
	const [, name, version, build = "1"] =
		/^([A-Za-z][A-Za-z0-9_-]*)\.(\d{1,9})(?:\.(\d{1,9}))?\.db$/.exec(file) ?? [];
	return name === undefined ? undefined : { name, version: Number(version), build: Number(build) };
}

function byName(one: ViewVersionId, other: ViewVersionId): number {
	if (one.name === other.name) return one.version - other.version;
	return one.name < other.name ? -1 : 1;
}

/** Tries the tables in a database of their own, so that a fault in them is told before there is a file. */
function checkTables({ name, version, tables }: ViewDefinition): void {
	if (tables === undefined) return;
	const database = new DatabaseSync(":memory:");
	try {
		database.exec("BEGIN");
		database.exec(tables);
		// A statement that ends the transaction would create only a part of the tables.
		database.exec("COMMIT");
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		throw backendError({
			code: "invalid_argument",
			reason: "sql_failed",
			message: `SQLite refuses the tables of the view ${name}, version ${version}: ${why}`,
			cause: error,
		});
	} finally {
		database.close();
	}
}
