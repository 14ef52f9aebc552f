import type { Schema } from "./database-file.ts";
import { GroupTables } from "./group-tables.ts";

/** The tables of `groups.db`. */
export const groupSchema: Schema<GroupTables> = {
	name: "the state of groups",
	// A power cut may take back the last changes: events are handled again. Their order in the file stays.
	synchronous: "NORMAL",
	mark: "lanes",
	version: 1,
	// Epochs begin at the time in milliseconds, with room for a thousand in each, so that no lease of an earlier file is worth anything in this one.
	sql: `
		CREATE TABLE groups (
			id INTEGER PRIMARY KEY AUTOINCREMENT,
			topic TEXT NOT NULL,
			name TEXT NOT NULL,
			created_at INTEGER NOT NULL,
			version INTEGER NOT NULL,
			UNIQUE (topic, name)
		) STRICT;
		CREATE TABLE epochs (value INTEGER NOT NULL) STRICT;
		INSERT INTO epochs VALUES (CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER) * 1000);
		CREATE TABLE renewals (
			member TEXT PRIMARY KEY,
			value INTEGER NOT NULL,
			at INTEGER NOT NULL
		) STRICT, WITHOUT ROWID;
		CREATE TABLE members (
			group_id INTEGER NOT NULL,
			id TEXT NOT NULL,
			joined INTEGER NOT NULL,
			handles TEXT NOT NULL,
			PRIMARY KEY (group_id, id)
		) STRICT, WITHOUT ROWID;
		CREATE INDEX groups_of_members ON members (id);
		CREATE TABLE lanes (
			group_id INTEGER NOT NULL,
			lane INTEGER NOT NULL,
			holder TEXT,
			epoch INTEGER NOT NULL,
			cursor TEXT NOT NULL,
			ahead TEXT NOT NULL DEFAULT '[]',
			crashes INTEGER NOT NULL DEFAULT 0,
			trying TEXT,
			edits INTEGER NOT NULL DEFAULT 0,
			PRIMARY KEY (group_id, lane)
		) STRICT, WITHOUT ROWID;
		CREATE TABLE deferred (
			group_id INTEGER NOT NULL,
			lane INTEGER NOT NULL,
			id TEXT NOT NULL,
			key TEXT,
			due REAL,
			discard INTEGER NOT NULL DEFAULT 0,
			entry TEXT NOT NULL,
			PRIMARY KEY (group_id, lane, id)
		) STRICT, WITHOUT ROWID;
		CREATE INDEX parked ON deferred (group_id, lane, id) WHERE due IS NULL;
		CREATE TABLE delayed (
			group_id INTEGER NOT NULL,
			lane INTEGER NOT NULL,
			cursor TEXT NOT NULL,
			due REAL NOT NULL,
			PRIMARY KEY (group_id, lane, cursor)
		) STRICT, WITHOUT ROWID;
		CREATE INDEX delayed_by_time ON delayed (group_id, lane, due)`,
	prepare: (database) => new GroupTables(database),
};
