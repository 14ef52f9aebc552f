import { type FSWatcher, utimesSync, watch } from "node:fs";
import type { Context } from "@allium/core";
import { refusal } from "@allium/core/adapter";
import { Waiters } from "@allium/core/event";
import { every, type Timer } from "@allium/core/transport";
import { fileIdentity } from "./file-identity.ts";

/** How often a missed ring is made up for, in milliseconds. Ports allow 250. */
const pollMs = 200;

/** The file of a bell. */
interface BellFile {
	readonly path: string;
	/** The content of the file, for messages. */
	readonly name: string;
}

/**
 * Wakes the waiters for a change of a file, in all processes. A process rings after a commit: it sets the times of the
 * file, which the system reports to every process that watches the file. The writes to the WAL cannot serve for this,
 * because they come before the commit can be seen. If a ring is missed, a slow poll wakes the waiters.
 */
export class FileBell {
	readonly #file: BellFile;
	readonly #waiters = new Waiters();
	#watcher: FSWatcher | undefined;
	/** The file that is being watched, because the path may come to name another one. */
	#identity: string | undefined;
	#poll: Timer | undefined;
	#users = 0;
	#isRinging = false;
	#closed = false;

	constructor(file: BellFile) {
		this.#file = file;
	}

	/** Wakes all who wait. Many rings of one turn of the event loop are one. */
	ring(): void {
		if (this.#isRinging || this.#closed) return;
		this.#isRinging = true;
		setImmediate(() => {
			this.#isRinging = false;
			this.#waiters.wake();
			try {
				const now = new Date();
				utimesSync(this.#file.path, now, now);
			} catch {
				// The file was deleted, or belongs to another user: the others poll.
			}
		});
	}

	/** Resolves when `isNews` holds, which is asked at once and whenever the file may have changed. Ends with `ctx`. */
	async until(isNews: () => Promise<boolean | undefined>, ctx: Context): Promise<void> {
		// It watches before it asks, so that nothing that happens in between is missed.
		this.#watch();
		this.#users++;
		this.#poll ??= every(pollMs, () => {
			this.#watch();
			this.#waiters.wake();
		});
		try {
			while (!(await isNews())) {
				if (this.#closed) throw refusal(`${this.#file.name} is closed`);
				await this.#waiters.wait(ctx);
			}
		} finally {
			if (--this.#users === 0) this.#stopPolling();
		}
	}

	/** Wakes all who wait, and watches no longer. */
	close(): void {
		this.#closed = true;
		this.#stopPolling();
		this.#unwatch();
		this.#waiters.wake();
	}

	/** Makes sure that the file of the path is watched, where there is one. */
	#watch(): void {
		const identity = fileIdentity(this.#file.path);
		if (identity === this.#identity || this.#closed) return;
		this.#unwatch();
		if (identity === undefined) return;
		try {
			const watcher = watch(this.#file.path, { persistent: false }, () => this.#waiters.wake());
			watcher.on("error", () => this.#unwatch());
			this.#watcher = watcher;
			this.#identity = identity;
		} catch {
			// The system has no watch left, or the file is gone again: the poll does.
		}
	}

	#unwatch(): void {
		this.#watcher?.close();
		this.#watcher = undefined;
		this.#identity = undefined;
	}

	#stopPolling(): void {
		this.#poll?.stop();
		this.#poll = undefined;
	}
}
