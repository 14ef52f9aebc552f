import { type Share, SharedResource } from "@allium/core/adapter";
import { Database } from "./database.ts";
import { News } from "./news.ts";
import type { PostgresAddress } from "./postgres-url.ts";
import { Sequencer } from "./sequencer.ts";

const backends = new SharedResource(async (key: string) => {
	const address: PostgresAddress = JSON.parse(key);
	return new Backend(await Database.open(address));
});

/**
 * Opens the backend that all ports of a process with the same address share.
 *
 * @param scope the process: `AdapterOptions.scope`.
 */
export function openBackend(address: PostgresAddress, scope: object): Promise<Share<Backend>> {
	return backends.use(JSON.stringify(address), scope);
}

/** A database, with the parts that give its events their places and wait for changes. */
export class Backend implements AsyncDisposable {
	readonly database: Database;
	readonly sequencer: Sequencer;
	readonly news: News;

	constructor(database: Database) {
		this.database = database;
		this.sequencer = new Sequencer(database);
		this.news = new News(database, this.sequencer);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.news.close();
		await this.database[Symbol.asyncDispose]();
	}
}
