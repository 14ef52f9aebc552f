import type { ViewBuildReport, ViewDefinition, ViewReport } from "@allium/core/store";
import { readPlaces } from "./view-places.ts";

/** A build, as it is read. */
export interface BuildRow {
	readonly id: string;
	readonly name: string;
	readonly version: number;
	readonly build: number;
	readonly tables: string | null;
	readonly shape: string;
	readonly owner: string | null;
	/** JSON. */
	readonly topics: string | null;
	readonly createdAt: Date;
	readonly epoch: string;
	readonly holder: string | null;
	readonly renewal: string;
	readonly liveSince: string;
	readonly trouble: string | null;
	readonly places: string;
	readonly parked: number;
	readonly isDue: boolean;
}

export function topicsText(topics: readonly string[] | undefined): string | null {
	return topics === undefined ? null : JSON.stringify(topics);
}

export function definitionOf({ name, version, tables, shape, owner, topics }: BuildRow): ViewDefinition {
	return {
		name,
		version,
		tables: tables ?? undefined,
		shape,
		owner: owner ?? undefined,
		...(topics !== null && { topics: JSON.parse(topics) }),
	};
}

export function reportOf(builds: readonly BuildRow[], row: BuildRow): ViewReport {
	const { name, version, tables, owner, topics = [] } = definitionOf(row);
	return {
		name,
		version,
		kind: tables === undefined ? "documents" : "sql",
		owner,
		topics,
		live: liveOf(builds)?.build,
		builds: builds.map(buildReportOf),
	};
}

function buildReportOf(row: BuildRow): ViewBuildReport {
	return {
		build: row.build,
		createdAt: row.createdAt.getTime(),
		isBuilt: row.liveSince !== "0",
		holder: row.holder ?? undefined,
		epoch: Number(row.epoch),
		renewal: `${row.epoch}.${row.renewal}`,
		places: readPlaces(row.places),
		parked: row.parked,
		isDue: row.isDue,
		trouble: row.trouble ?? undefined,
	};
}

/** The build that was made live last. */
export function liveOf(builds: readonly BuildRow[]): BuildRow | undefined {
	const built = builds.filter(({ liveSince }) => liveSince !== "0");
	return built.sort((one, other) => Number(other.liveSince) - Number(one.liveSince))[0];
}
