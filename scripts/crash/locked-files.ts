import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { BackendOutage } from "@allium/testing/crash";
import type { OwnServer } from "./own-server.ts";

/** The files that a broker keeps in its folder. */
const names = ["events.db", "groups.db"] as const;

/** The files of a broker on SQLite. In an outage, another process locks them, so that no process can write. */
export class LockedFiles implements OwnServer {
	readonly url: string;
	readonly outage: BackendOutage;
	readonly #folder: string;
	#locks: DatabaseSync[] = [];

	private constructor(folder: string) {
		this.#folder = folder;
		this.url = `sqlite:${folder}`;
		this.outage = { kill: async () => this.#lock(), restart: async () => this.#unlock() };
	}

	static async make(): Promise<LockedFiles> {
		return new LockedFiles(await mkdtemp(join(tmpdir(), "allium-crash-")));
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#unlock();
		await rm(this.#folder, { recursive: true });
	}

	#lock(): void {
		this.#locks = names.map((name) => {
			const file = new DatabaseSync(join(this.#folder, name), { timeout: 10_000 });
			file.exec("BEGIN IMMEDIATE");
			return file;
		});
	}

	#unlock(): void {
		for (const file of this.#locks) file.close();
		this.#locks = [];
	}
}
