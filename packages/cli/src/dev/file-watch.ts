import { type FSWatcher, watch } from "node:fs";
import { dirname, join } from "node:path";

/** Changes within this time of each other are reported together, in milliseconds. */
const togetherMs = 100;

/**
 * Reports changes of files. It watches their folders, because editors replace files and a watch on the file itself
 * would end. It therefore reports changes of neighbouring files as well.
 */
export class FileWatch implements Disposable {
	readonly #watchers = new Map<string, FSWatcher>();
	readonly #changed = new Set<string>();
	readonly #onChange: (paths: ReadonlySet<string>) => void;
	readonly #onFailure: (folder: string, error: Error) => void;
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** @param onFailure Called once for each folder that cannot be watched. */
	constructor(
		onChange: (paths: ReadonlySet<string>) => void,
		onFailure: (folder: string, error: Error) => void,
	) {
		this.#onChange = onChange;
		this.#onFailure = onFailure;
	}

	/** Watches the folder of a file. */
	add(file: string): void {
		const folder = dirname(file);
		if (this.#watchers.has(folder)) return;
		try {
			const watcher = watch(folder, (_, name) => {
				if (name !== null) this.#note(join(folder, name));
			});
			watcher.on("error", (error) => {
				watcher.close();
				this.#watchers.delete(folder);
				this.#onFailure(folder, error);
			});
			this.#watchers.set(folder, watcher);
		} catch (error) {
			this.#onFailure(folder, error as Error);
		}
	}

	[Symbol.dispose](): void {
		clearTimeout(this.#timer);
		for (const watcher of this.#watchers.values()) watcher.close();
		this.#watchers.clear();
	}

	#note(path: string): void {
		this.#changed.add(path);
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => {
			const paths = new Set(this.#changed);
			this.#changed.clear();
			this.#onChange(paths);
		}, togetherMs);
	}
}
