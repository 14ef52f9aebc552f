import { type Context, isServiceError } from "@allium/core";
import { backendError } from "@allium/core/adapter";
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
import { openBackend } from "./backend.ts";
import { BackendHandle } from "./backend-handle.ts";
import { type BuildRow, definitionOf, liveOf, reportOf, topicsText } from "./build-row.ts";
import { sqlState } from "./failure.ts";
import { FirstUse } from "./first-use.ts";
import { type PostgresOptions, parsePostgresUrl } from "./postgres-url.ts";
import { PostgresViewBuild } from "./postgres-view-build.ts";
import type { Connection } from "./session.ts";
import { documentTables, type Run } from "./view-documents.ts";
import { buildSchema, viewsSchema } from "./view-schema.ts";
import { prepareViews } from "./view-tables.ts";

/** The options of a view store on PostgreSQL. They take precedence over the URL. */
export interface PostgresViewStoreOptions extends PostgresOptions {
	/** The process that opens it. Ports with the same scope and the same database share their connections. */
	readonly scope?: object;
}

/**
 * Views in a PostgreSQL database: `postgres://user:password@host:5432/database`. Each build of a version has its own
 * schema, such as `allium_view_standings_1`, and the facts about all builds lie in `allium_views`.
 *
 * @throws ServiceError as `broker`, and `permission_denied` when the user may not make schemas.
 * @example
 * const views = await viewStore("postgres://shop:secret@db.example/shop");
 */
export async function viewStore(url: string, options: PostgresViewStoreOptions = {}): Promise<ViewStore> {
	const share = await openBackend(parsePostgresUrl(url, options), options.scope ?? {});
	const handle = new BackendHandle("the view store", share);
	return new PostgresViewStore(handle);
}

const features: ViewStoreFeatures = { sql: "postgres" };

class PostgresViewStore implements ViewStore {
	readonly location: string;
	readonly #handle: BackendHandle;
	readonly #schema: string;
	readonly #views: string;
	readonly #tables: FirstUse;

	constructor(handle: BackendHandle) {
		const { place, schema } = handle.backend.database;
		this.location = place;
		this.#handle = handle;
		this.#schema = schema;
		this.#views = viewsSchema(schema);
		this.#tables = new FirstUse((ctx) => prepareViews(handle, ctx));
	}

	async features(ctx: Context): Promise<ViewStoreFeatures> {
		this.#handle.check(ctx);
		return features;
	}

	async open(definition: ViewDefinition, ctx: Context): Promise<ViewReport> {
		this.#handle.check(ctx);
		checkViewName(definition);
		const [known] = await this.#builds(definition, ctx);
		if (known === undefined) {
			await this.#transaction((connection) => this.#begin(connection, definition, 1), ctx);
		}
		const builds = await this.#builds(definition, ctx);
		const [first] = builds;
		if (first === undefined) throw noSuchView({ name: definition.name, version: definition.version });
		const made = definitionOf(first);
		checkDefinition(definition, made);
		if (!tellsMore(definition, made)) return reportOf(builds, first);
		await this.#adopt(definition, ctx);
		return this.open(definition, ctx);
	}

	async report(id: ViewVersionId, ctx: Context): Promise<ViewReport | undefined> {
		const builds = await this.#builds(id, ctx);
		return builds[0] && reportOf(builds, builds[0]);
	}

	async versions(ctx: Context): Promise<readonly ViewReport[]> {
		const byVersion = new Map<string, BuildRow[]>();
		for (const row of await this.#builds(undefined, ctx)) {
			const key = `${row.name}.${row.version}`;
			byVersion.set(key, [...(byVersion.get(key) ?? []), row]);
		}
		return [...byVersion.values()].flatMap((builds) => (builds[0] ? [reportOf(builds, builds[0])] : []));
	}

	async rebuild(id: ViewVersionId, ctx: Context): Promise<number> {
		this.#handle.check(ctx);
		await this.#tables.ready(ctx);
		return this.#transaction(async (connection) => {
			const run: Run = (text, values) => connection.run(text, values);
			await run(
				`SELECT id FROM ${this.#views}.builds WHERE name = $1 AND version = $2 ORDER BY build FOR UPDATE`,
				[id.name, id.version],
			);
			const builds = await this.#rows(run, id);
			const [known] = builds;
			if (known === undefined) throw noSuchView({ name: id.name, version: id.version });
			const live = liveOf(builds)?.build ?? 0;
			const begun = builds.find(({ build, liveSince }) => build > live && liveSince === "0");
			if (begun !== undefined) return begun.build;
			await this.#remove(
				connection,
				builds.filter(({ build }) => build < live),
			);
			const next = Math.max(...builds.map(({ build }) => build)) + 1;
			await this.#begin(connection, definitionOf(known), next);
			return next;
		}, ctx);
	}

	async switch(id: ViewBuildId, ctx: Context): Promise<void> {
		const found = (await this.#builds(id, ctx)).find(({ build }) => build === id.build);
		if (found === undefined) throw noSuchView(id);
		if (found.liveSince === "0") throw notBuilt(id);
		await this.#handle.query(
			`UPDATE ${this.#views}.builds SET live_since = nextval('${this.#views}.numbers')
			WHERE id = $1 RETURNING ${this.#told}`,
			[found.id],
			ctx,
		);
	}

	async drop(id: ViewVersionId & { readonly build?: number }, ctx: Context): Promise<boolean> {
		this.#handle.check(ctx);
		await this.#tables.ready(ctx);
		return this.#transaction(async (connection) => {
			const builds = await connection.run<BuildRow>(
				`SELECT id, name, version, build FROM ${this.#views}.builds
				WHERE name = $1 AND version = $2 AND ($3::int IS NULL OR build = $3) ORDER BY build FOR UPDATE`,
				[id.name, id.version, id.build ?? null],
			);
			await this.#remove(connection, builds);
			return builds.length > 0;
		}, ctx);
	}

	build(id: ViewBuildId): ViewBuild {
		return new PostgresViewBuild(id, this.#handle);
	}

	changed({ name, version }: ViewVersionId, ctx: Context): Promise<void> {
		return this.#handle.wait(`v${name}.${version}`, async () => false, ctx);
	}

	async close(): Promise<void> {
		await this.#handle.close();
	}

	/** Adds facts about a version that were not known when its builds were created. */
	async #adopt({ name, version, owner, topics }: ViewDefinition, ctx: Context): Promise<void> {
		await this.#handle.query(
			`UPDATE ${this.#views}.builds SET owner = coalesce(owner, $3), topics = coalesce(topics, $4)
			WHERE name = $1 AND version = $2`,
			[name, version, owner ?? null, topicsText(topics)],
			ctx,
		);
	}

	/** Wakes the waiters for the version. */
	get #told(): string {
		return `pg_notify('${this.#handle.backend.database.channel}', 'v' || name || '.' || version) IS NULL AS told`;
	}

	/** The builds of a version, or of all, in order. */
	async #builds(id: ViewVersionId | undefined, ctx: Context): Promise<readonly BuildRow[]> {
		this.#handle.check(ctx);
		await this.#tables.ready(ctx);
		return this.#rows((text, values) => this.#handle.query(text, values, ctx), id);
	}

	#rows(run: Run, id: ViewVersionId | undefined): Promise<readonly BuildRow[]> {
		return run<BuildRow>(
			`SELECT b.id, name, version, b.build, tables, shape, owner, topics, created_at AS "createdAt", epoch, holder,
				renewal, live_since AS "liveSince", trouble, places, p.parked, p.due AS "isDue"
			FROM ${this.#views}.builds AS b CROSS JOIN LATERAL (
				SELECT count(*)::int AS parked, coalesce(bool_or(due), false) AS due
				FROM ${this.#views}.parked WHERE build = b.id
			) AS p ${id === undefined ? "" : "WHERE name = $1 AND version = $2"} ORDER BY name, version, b.build`,
			id === undefined ? [] : [id.name, id.version],
		);
	}

	/** Makes a build, unless it is there. */
	async #begin(connection: Connection, definition: ViewDefinition, build: number): Promise<void> {
		const { name, version, tables, shape, owner, topics } = definition;
		const [made] = await connection.run(
			`INSERT INTO ${this.#views}.builds (name, version, build, tables, shape, owner, topics)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING ${this.#told}`,
			[name, version, build, tables ?? null, shape, owner ?? null, topicsText(topics)],
		);
		if (made === undefined) return;
		const schema = buildSchema(this.#schema, { name, version, build });
		await connection.runAll(`CREATE SCHEMA ${schema}`);
		await connection.runAll(
			`COMMENT ON SCHEMA ${schema} IS 'Build ${build} of version ${version} of the view ${name}'`,
		);
		if (tables === undefined) await connection.runAll(documentTables(schema));
		else await makeTables(connection, schema, definition, tables);
	}

	async #remove(connection: Connection, builds: readonly BuildRow[]): Promise<void> {
		for (const build of builds) {
			await connection.run(`DELETE FROM ${this.#views}.builds WHERE id = $1 RETURNING ${this.#told}`, [
				build.id,
			]);
			await connection.runAll(`DROP SCHEMA IF EXISTS ${buildSchema(this.#schema, build)} CASCADE`);
		}
	}

	#transaction<T>(work: (connection: Connection) => Promise<T>, ctx: Context): Promise<T> {
		return this.#handle.backend.database.transaction(work, ctx);
	}
}

/** PL/pgSQL runs the statements, because it refuses statements that would end the transaction. */
async function makeTables(
	connection: Connection,
	schema: string,
	{ name, version }: ViewVersionId,
	tables: string,
): Promise<void> {
	await connection.run(
		`SELECT set_config('search_path', $1 || ', ' || current_setting('search_path'), true),
			set_config('allium.tables', $2, true)`,
		[schema, tables],
	);
	try {
		await connection.runAll("DO $$ BEGIN EXECUTE current_setting('allium.tables'); END $$");
	} catch (error) {
		const isRefused = isServiceError(error) && /^(22|23|42|0A|25|2D)/.test(sqlState(error) ?? "");
		if (!isRefused || sqlState(error) === "42501") throw error;
		throw backendError({
			code: "invalid_argument",
			reason: "sql_failed",
			message: `the tables of the view ${name}, version ${version}, are refused: ${error.message}`,
			cause: error,
		});
	}
}
