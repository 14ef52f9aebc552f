import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { after, every, type Timer } from "@allium/core/transport";

/** Changes within this time, in milliseconds, are reported together, because a writer makes several. */
const settleMs = 50;
/** How often the file is checked without a report of a change, in milliseconds. */
const backstopMs = 5_000;

/**
 * Reports when a file may have changed. It watches the folder, so it notices a file that is replaced, removed or made
 * again. It notices a symbolic link to another folder, and changes on a file system without notifications, within 5 s.
 */
export class WatchedFile implements Disposable {
	readonly #path: string;
	readonly #changed: () => void;
	readonly #backstop: Timer;
	#watcher: FSWatcher | undefined;
	#settling: Timer | undefined;

	/** @param changed called for each change, and sometimes without one. */
	constructor(path: string, changed: () => void) {
		this.#path = path;
		this.#changed = changed;
		this.#watch();
		this.#backstop = every(backstopMs, () => {
			// The folder may be another one by now.
			this.#watch();
			changed();
		});
	}

	/** Ends the reports. */
	[Symbol.dispose](): void {
		this.#backstop.stop();
		this.#settling?.stop();
		this.#watcher?.close();
	}

	#watch(): void {
		this.#watcher?.close();
		this.#watcher = undefined;
		const name = basename(this.#path);
		try {
			this.#watcher = watch(dirname(this.#path), (_, file) => {
				// Kubernetes replaces mounted files by changing a link "..data" next to them.
				if (file === null || file === name || file.startsWith("..")) this.#settle();
			});
			this.#watcher.on("error", () => this.#watcher?.close());
		} catch {
			// The folder is missing, or the system cannot watch more of them. The regular check of the file still
			// works.
		}
	}

	#settle(): void {
		this.#settling ??= after(settleMs, () => {
			this.#settling = undefined;
			this.#changed();
		});
	}
}
