import { checkViewName } from "@allium/core/store";
import type { View } from "./view.ts";
import { checkParts, shapeOf, type ViewPart } from "./view-part.ts";
import { ViewReading } from "./view-reading.ts";
import { ViewRunner } from "./view-runner.ts";
import type { ViewBatch, ViewWork } from "./view-work.ts";

/** The parts of a view that differ between documents and tables. */
export interface ViewDeclaration<Reader> {
	readonly version: number;
	readonly parts: readonly ViewPart<unknown>[];
	/** The fields by which documents are found. Default: none. */
	readonly index?: readonly string[];
	/** The statements that make the tables. Undefined for documents. */
	readonly tables?: (dialect: "sqlite" | "postgres") => string;
	readonly batch: (work: ViewWork) => ViewBatch;
	readonly reader: (reading: ViewReading) => Reader;
}

/**
 * Makes a view.
 *
 * @throws ServiceError `invalid_argument` for a name or version that cannot be used; TypeError for parts that do not fit.
 */
export function viewOf<Reader>(name: string, declaration: ViewDeclaration<Reader>): View<Reader> {
	const { version, parts, index = [], tables, batch, reader } = declaration;
	const id = { name, version };
	checkViewName(id);
	checkParts(name, parts);
	const shape = shapeOf(parts, index);
	const topics = parts.map(({ topic }) => topic);
	return {
		name,
		version,
		"~allium": {
			topics,
			run: (host) =>
				new ViewRunner({ id, host, topics, shape, batch, ...(tables !== undefined && { tables }) }),
			read: (host) => reader(new ViewReading(id, topics, host)),
		},
	};
}
