import type { ServerView, ViewSource } from "@allium/backend";
import type { ServiceError } from "@allium/core";
import { InstanceTree } from "./instance-tree.ts";
import type { NodeFolder } from "./node-paths.ts";
import type { ZooConnection } from "./zoo-connection.ts";
import type { SessionFollower, ZooSession } from "./zoo-session.ts";

/** Keeps a view equal to the nodes below a folder. On each connection all of them are read again. */
export class TreeWatch implements ViewSource, SessionFollower {
	readonly #folder: NodeFolder;
	readonly #shown: ServerView;
	readonly #session: ZooSession;
	#tree: InstanceTree | undefined;

	constructor(folder: NodeFolder, shown: ServerView, session: ZooSession) {
		this.#folder = folder;
		this.#shown = shown;
		this.#session = session;
	}

	start(): void {
		this.#shown.start();
		queueMicrotask(() => {
			if (this.#shown.view.watched) this.#session.follow(this);
		});
	}

	stop(): void {
		this.#session.unfollow(this);
		this.#tree?.stop();
		this.#tree = undefined;
	}

	/**
	 * Resolves when the view shows everything that ZooKeeper has reported. ZooKeeper reports a process's own changes to it
	 * before it answers the request that made them.
	 */
	async settled(): Promise<void> {
		await this.#tree?.settled();
	}

	connected(connection: ZooConnection): void {
		let isShown = false;
		const tree: InstanceTree = new InstanceTree(connection, this.#folder, {
			changed: (instance) => {
				if (isShown) this.#show(tree, instance);
			},
			failed: (error) => this.#failed(tree, error),
		});
		this.#tree?.stop();
		this.#tree = tree;
		tree.load().then(
			() => {
				if (this.#tree !== tree) return;
				isShown = true;
				this.#shown.show(tree.records());
			},
			(error: unknown) => this.#failed(tree, error),
		);
	}

	lost(error: ServiceError): void {
		this.#tree?.stop();
		this.#tree = undefined;
		this.#shown.failed(error);
	}

	/** The session tells of connections that are over, and comes again. */
	#failed(tree: InstanceTree, error: unknown): void {
		if (this.#tree !== tree) return;
		const explained = this.#session.explained(error);
		if (explained.code !== "unavailable") this.lost(explained);
	}

	#show(tree: InstanceTree, instance: string): void {
		const record = tree.recordOf(instance);
		if (record !== undefined) this.#shown.view.put(record);
		else this.#shown.view.delete(instance);
	}
}
