import type { JuteReader } from "./jute.ts";

/** The part of a node that is watched: `data` for its data and existence, `children` for the names of its children. */
export type WatchKind = "data" | "children";

/** A watch that waits for a change. */
export interface Watch {
	readonly kind: WatchKind;
	readonly path: string;
	readonly changed: () => void;
	/** Whether the watch holds for a node that is not there, too. Default: false. */
	readonly isOfAbsence?: boolean;
}

/** The events of ZooKeeper, and whom each reaches. */
const reached: ReadonlyMap<number, readonly WatchKind[]> = new Map([
	// Created, deleted, changed, its children changed.
	[1, ["data"]],
	[2, ["data", "children"]],
	[3, ["data"]],
	[4, ["children"]],
] as const);

/** The watchers of nodes on one connection. Each is told once, as ZooKeeper fires a watch once. */
export class NodeWatchers {
	readonly #byNode = new Map<string, (() => void)[]>();

	add({ kind, path, changed }: Watch): void {
		const key = `${kind} ${path}`;
		const others = this.#byNode.get(key);
		if (others === undefined) this.#byNode.set(key, [changed]);
		else others.push(changed);
	}

	/** Tells of an event: its type, the state of the session, and the path of the node. */
	tell(event: JuteReader): void {
		const kinds = reached.get(event.int()) ?? [];
		event.int();
		const path = event.text();
		for (const kind of kinds) {
			const key = `${kind} ${path}`;
			const told = this.#byNode.get(key) ?? [];
			this.#byNode.delete(key);
			for (const changed of told) changed();
		}
	}

	clear(): void {
		this.#byNode.clear();
	}
}
