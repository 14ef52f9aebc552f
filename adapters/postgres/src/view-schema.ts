import { createHash } from "node:crypto";
import type { ViewBuildId } from "@allium/core/store";

/** PostgreSQL bounds names at 63 bytes. */
const longestName = 63;
/** Names that mean themselves without quotes. A number within one could be that of a version. */
const plainName = /^(?!.*_\d+(?:_|$))[a-z][a-z0-9_]*$/;

/** The schema in which a database keeps the facts about all builds of views. */
export function viewsSchema(schema: string): string {
	return `${schema}_views`;
}

/**
 * The schema of one build: `allium_view_board_3`, and `allium_view_board_3_2` for its second build. A name that is long,
 * or not plain, is a hash instead. It needs no quotes.
 */
export function buildSchema(schema: string, { name, version, build }: ViewBuildId): string {
	const number = build === 1 ? `${version}` : `${version}_${build}`;
	const plain = `${schema}_view_${name}_${number}`;
	if (plainName.test(name) && /^[\d_]+$/.test(number) && plain.length <= longestName) return plain;
	const hash = createHash("sha256")
		.update(JSON.stringify([schema, name, version, build]))
		.digest("hex");
	return `${schema.slice(0, 30)}_view_${hash.slice(0, 24)}`;
}
