import { join } from "node:path";
import { type Logger, silentLogger } from "@allium/core";
import { DatabaseFile } from "./database-file.ts";
import { type EventTables, eventSchema } from "./event-tables.ts";
import { FileBell } from "./file-bell.ts";
import { Retention } from "./retention.ts";
import { StreamAppends } from "./stream-appends.ts";
import { WriteQueue } from "./write-queue.ts";

/** The file `events.db` as a process uses it: for a log alone, or for an event store and its log together. */
export class EventFile {
	readonly location: string;
	readonly file: DatabaseFile<EventTables>;
	readonly queue: WriteQueue<EventTables, StreamAppends>;
	readonly bell: FileBell;
	readonly retention: Retention;

	constructor(location: string, file: DatabaseFile<EventTables>, busyLimitMs: number, logger: Logger) {
		this.location = location;
		this.file = file;
		this.queue = new WriteQueue(file, (tables) => new StreamAppends(tables), busyLimitMs);
		this.bell = new FileBell(file);
		this.retention = new Retention(file, this.queue, logger);
	}

	async close(): Promise<void> {
		this.retention.stop();
		const closing = this.file.close();
		this.bell.close();
		await Promise.all([closing, this.queue.idle()]);
	}
}

/**
 * The file `events.db` of a folder.
 *
 * @param name its purpose, for messages.
 */
export function eventFile(
	folder: string,
	name: string,
	busyLimitMs: number,
	logger: Logger = silentLogger,
): EventFile {
	const file = new DatabaseFile(join(folder, "events.db"), { ...eventSchema, name }, busyLimitMs);
	return new EventFile(`sqlite://${folder}`, file, busyLimitMs, logger);
}
