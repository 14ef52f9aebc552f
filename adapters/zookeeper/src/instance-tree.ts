import { InstanceKeys } from "@allium/backend";
import { type InstanceRecord, parseInstanceRecord } from "@allium/core/registry";
import type { NodeFolder } from "./node-paths.ts";
import { findNode, readChildren, readNode } from "./nodes.ts";
import type { ZooConnection } from "./zoo-connection.ts";
import { isFault, zooCodes } from "./zoo-fault.ts";

/** Called when the tree learns of something. */
export interface InstanceTreeHooks {
	/** The nodes of an instance have changed. */
	changed(instance: string): void;
	/** A request failed. */
	failed(error: unknown): void;
}

/**
 * The nodes below a folder, as they are known on one connection. A watch of ZooKeeper fires once and does not report
 * the change, so each watch is set again by the reading that follows. A reading and its watch are one request, so that
 * nothing is missed in between.
 */
export class InstanceTree {
	readonly #connection: ZooConnection;
	readonly #root: NodeFolder;
	/** Undefined where nobody watches. */
	readonly #hooks: InstanceTreeHooks | undefined;
	readonly #keys = new InstanceKeys();
	/** The names of the children that are known, by folder. */
	readonly #names = new Map<string, Set<string>>();
	/** The readings that changes have caused, and that are not over. */
	readonly #readings = new Set<Promise<void>>();
	#isOver = false;

	constructor(connection: ZooConnection, root: NodeFolder, hooks?: InstanceTreeHooks) {
		this.#connection = connection;
		this.#root = root;
		this.#hooks = hooks;
	}

	/** Reads all of it. */
	async load(): Promise<void> {
		await this.#readFolder(this.#root.path, this.#root.depth);
	}

	/** The latest record of each instance. */
	records(): Iterable<InstanceRecord> {
		return this.#keys.records();
	}

	recordOf(instance: string): InstanceRecord | undefined {
		return this.#keys.recordOf(instance);
	}

	/** Resolves when all that ZooKeeper has told so far is taken in. */
	async settled(): Promise<void> {
		await Promise.all(this.#readings);
	}

	/** Tells nothing more. */
	stop(): void {
		this.#isOver = true;
	}

	async #readFolder(path: string, depth: number): Promise<void> {
		const names = await this.#namesIn(path, depth);
		const known = this.#names.get(path) ?? new Set<string>();
		for (const name of known) if (!names.has(name)) this.#drop(`${path}/${name}`, depth - 1);
		this.#names.set(path, names);
		const fresh = [...names].filter((name) => !known.has(name));
		await Promise.all(fresh.map((name) => this.#read(`${path}/${name}`, depth - 1)));
	}

	/** The children of a folder. A missing folder has none, and is watched for. */
	async #namesIn(path: string, depth: number): Promise<Set<string>> {
		const again = this.#watching(() => this.#isKnown(path), path, depth);
		for (;;) {
			try {
				return new Set(await readChildren(this.#connection, path, again));
			} catch (error) {
				if (!isFault(error, zooCodes.noNode)) throw error;
				if ((await findNode(this.#connection, path, again)) === undefined) return new Set();
			}
		}
	}

	#read(path: string, depth: number): Promise<void> {
		return depth === 0 ? this.#readInstance(path) : this.#readFolder(path, depth);
	}

	async #readInstance(path: string): Promise<void> {
		const again = this.#watching(() => this.#isKnown(path), path, 0);
		try {
			const { text, revision } = await readNode(this.#connection, path, again);
			if (this.#isKnown(path))
				this.#tell(this.#keys.put({ key: path, record: parseInstanceRecord(text), revision }));
		} catch (error) {
			if (!isFault(error, zooCodes.noNode)) throw error;
			// If it comes again, the folder tells of it as of another one.
			this.#names.get(folderOf(path))?.delete(nameOf(path));
			this.#forget(path);
		}
	}

	/** Forgets a node, and all nodes below it. */
	#drop(path: string, depth: number): void {
		if (depth === 0) this.#forget(path);
		for (const name of this.#names.get(path) ?? []) this.#drop(`${path}/${name}`, depth - 1);
		this.#names.delete(path);
	}

	#forget(path: string): void {
		this.#tell(this.#keys.delete(path, Number.POSITIVE_INFINITY));
	}

	#tell(instance: string | undefined): void {
		if (instance !== undefined && !this.#isOver) this.#hooks?.changed(instance);
	}

	#isKnown(path: string): boolean {
		return path === this.#root.path || this.#names.get(folderOf(path))?.has(nameOf(path)) === true;
	}

	/** The function that a watch calls. Undefined if nobody watches. */
	#watching(isOfUse: () => boolean, path: string, depth: number): (() => void) | undefined {
		const hooks = this.#hooks;
		if (hooks === undefined) return undefined;
		return () => {
			if (this.#isOver || !isOfUse()) return;
			const reading = this.#read(path, depth)
				.catch((error: unknown) => {
					if (!this.#isOver) hooks.failed(error);
				})
				.finally(() => this.#readings.delete(reading));
			this.#readings.add(reading);
		};
	}
}

function folderOf(path: string): string {
	return path.slice(0, path.lastIndexOf("/"));
}

function nameOf(path: string): string {
	return path.slice(path.lastIndexOf("/") + 1);
}
