import type { JuteReader, JuteWriter } from "./jute.ts";
import type { ZooConnection } from "./zoo-connection.ts";
import { isFault, zooCodes } from "./zoo-fault.ts";

const types = {
	create: 1,
	delete: 2,
	exists: 3,
	getData: 4,
	setData: 5,
	getChildren: 8,
	createContainer: 19,
} as const;

/** All permissions: read, write, create, delete and administer. */
const everything = 31;
/** Any version of a node. */
const anyVersion = -1;

/** A node is there until its session ends, or until its last child is gone. */
export type NodeKind = "ephemeral" | "container";
const flags: Readonly<Record<NodeKind, number>> = { ephemeral: 1, container: 4 };

/** The clients that may use a new node: all, or only clients of the user who makes it. */
export type NodeAccess = "world" | "user";

/** The state of a node. */
export interface NodeState {
	/** Grows with each change of any node. */
	readonly revision: number;
	/** The session with which it ends. */
	readonly owner: bigint;
}

/** The names of the children of a node. `changed` is called once, when the children change. */
export async function readChildren(
	connection: ZooConnection,
	path: string,
	changed?: () => void,
): Promise<string[]> {
	const watch = changed && ({ kind: "children", path, changed } as const);
	const answer = await connection.ask(
		types.getChildren,
		(to) => to.text(path).boolean(watch !== undefined),
		watch,
	);
	return answer.texts();
}

/** The text of a node. `changed` is called once, when the text changes or the node is gone. */
export async function readNode(
	connection: ZooConnection,
	path: string,
	changed?: () => void,
): Promise<NodeState & { readonly text: string }> {
	const watch = changed && ({ kind: "data", path, changed } as const);
	const answer = await connection.ask(
		types.getData,
		(to) => to.text(path).boolean(watch !== undefined),
		watch,
	);
	return { text: answer.text(), ...readState(answer) };
}

/** The state of a node; undefined where there is none. `changed` is called once, when it comes or changes. */
export async function findNode(
	connection: ZooConnection,
	path: string,
	changed?: () => void,
): Promise<NodeState | undefined> {
	const watch = changed && ({ kind: "data", path, changed, isOfAbsence: true } as const);
	try {
		return readState(
			await connection.ask(types.exists, (to) => to.text(path).boolean(watch !== undefined), watch),
		);
	} catch (error) {
		if (isFault(error, zooCodes.noNode)) return undefined;
		throw error;
	}
}

export async function createNode(
	connection: ZooConnection,
	path: string,
	text: string,
	{ kind, access }: { readonly kind: NodeKind; readonly access: NodeAccess },
): Promise<void> {
	const [scheme, id] = access === "world" ? ["world", "anyone"] : ["auth", ""];
	const type = kind === "container" ? types.createContainer : types.create;
	const write = (to: JuteWriter): JuteWriter =>
		to.text(path).text(text).int(1).int(everything).text(scheme).text(id).int(flags[kind]);
	await connection.ask(type, write);
}

export async function writeNode(connection: ZooConnection, path: string, text: string): Promise<void> {
	await connection.ask(types.setData, (to) => to.text(path).text(text).int(anyVersion));
}

/** Deletes a node. A missing node is no error. */
export async function deleteNode(connection: ZooConnection, path: string): Promise<void> {
	try {
		await connection.ask(types.delete, (to) => to.text(path).int(anyVersion));
	} catch (error) {
		if (!isFault(error, zooCodes.noNode)) throw error;
	}
}

/** Reads a Stat: when it was created and changed, times, versions, and the owner. */
function readState(answer: JuteReader): NodeState {
	answer.long();
	const revision = Number(answer.long());
	for (let times = 0; times < 2; times++) answer.long();
	for (let versions = 0; versions < 3; versions++) answer.int();
	return { revision, owner: answer.long() };
}
