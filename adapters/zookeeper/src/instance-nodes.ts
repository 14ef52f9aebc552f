import type { Context, ServiceError } from "@allium/core";
import { parentsOf } from "./node-paths.ts";
import { createNode, deleteNode, findNode, type NodeAccess, writeNode } from "./nodes.ts";
import type { ZooConnection } from "./zoo-connection.ts";
import { isFault, zooCodes } from "./zoo-fault.ts";
import type { SessionFollower, ZooSession } from "./zoo-session.ts";

/** How often a node is tried to be written whose folder goes away meanwhile. */
const mostTries = 5;

/** Writes and removes the ephemeral nodes of a session, and remembers nodes whose removal did not arrive. */
export class InstanceNodes implements SessionFollower {
	readonly #session: ZooSession;
	readonly #access: NodeAccess;
	/** The nodes that are to go with the next connection. */
	readonly #unwanted = new Set<string>();

	constructor(session: ZooSession, access: NodeAccess) {
		this.#session = session;
		this.#access = access;
		session.follow(this);
	}

	/** Writes a node that ends with the session. Returns the id of the session. */
	async write(path: string, text: string, ctx?: Context): Promise<bigint> {
		this.#unwanted.delete(path);
		return this.#session.run(async (connection) => {
			const owner = connection.ticket?.id ?? 0n;
			for (let tried = 1; ; tried++) {
				try {
					await this.#put(connection, owner, path, text);
					return owner;
				} catch (error) {
					// Between two requests, the folder or the node of an earlier session may go away.
					const isPassing = isFault(error, zooCodes.noNode) || isFault(error, zooCodes.nodeExists);
					if (!isPassing || tried === mostTries) throw error;
				}
			}
		}, ctx);
	}

	/** Whether this session has the nodes. */
	has(paths: readonly string[], session: bigint): Promise<boolean> {
		return this.#session.run(async (connection) => {
			if (connection.ticket?.id !== session) return false;
			const found = await Promise.all(paths.map((path) => findNode(connection, path)));
			return found.every((node) => node?.owner === session);
		});
	}

	/**
	 * Removes nodes. A node that cannot be removed now is removed with the next connection. Otherwise it would stay as
	 * long as the process lives, because the session goes on.
	 */
	async remove(paths: readonly string[]): Promise<void> {
		for (const path of paths) this.#unwanted.add(path);
		await this.#session.run((connection) => this.#removeAll(connection, paths));
	}

	connected(connection: ZooConnection): void {
		this.#removeAll(connection, [...this.#unwanted]).catch(() => {});
	}

	lost(_error: ServiceError): void {
		// Unwanted nodes stay unwanted until the next connection removes them.
	}

	async #removeAll(connection: ZooConnection, paths: readonly string[]): Promise<void> {
		const removed = paths.map(async (path) => {
			await deleteNode(connection, path);
			this.#unwanted.delete(path);
		});
		await Promise.all(removed);
	}

	async #put(connection: ZooConnection, owner: bigint, path: string, text: string): Promise<void> {
		const access = this.#access;
		try {
			await createNode(connection, path, text, { kind: "ephemeral", access });
		} catch (error) {
			if (isFault(error, zooCodes.noNode)) {
				for (const parent of parentsOf(path)) await this.#makeFolder(connection, parent);
				await createNode(connection, path, text, { kind: "ephemeral", access });
			} else if (isFault(error, zooCodes.nodeExists)) {
				await this.#replace(connection, owner, path, text);
			} else throw error;
		}
	}

	/** Writes a node that is there already. A node of an earlier session would end with that session. */
	async #replace(connection: ZooConnection, owner: bigint, path: string, text: string): Promise<void> {
		const node = await findNode(connection, path);
		if (node?.owner === owner) await writeNode(connection, path, text);
		else {
			await deleteNode(connection, path);
			await createNode(connection, path, text, { kind: "ephemeral", access: this.#access });
		}
	}

	async #makeFolder(connection: ZooConnection, path: string): Promise<void> {
		try {
			await createNode(connection, path, "", { kind: "container", access: this.#access });
		} catch (error) {
			if (!isFault(error, zooCodes.nodeExists)) throw error;
		}
	}
}
