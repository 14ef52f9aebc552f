/** A process that works on a group, as it told the others. */
export interface Member {
	readonly id: string;
	/** When it joined, by its own clock, in milliseconds since 1970. */
	readonly joined: number;
	/** The events that it handles, by name, and the newest version of each. */
	readonly handles: Readonly<Record<string, number>>;
}

/** The part of an event that tells who handles it. */
export interface EventKind {
	readonly type: string;
	readonly version: number;
}

/** Whether a member handles an event. `newer`: it handles earlier versions of it. */
export type Acquaintance = "handled" | "newer" | "unknown";

export function acquaintance(
	{ handles }: Pick<Member, "handles">,
	{ type, version }: EventKind,
): Acquaintance {
	const name = type.slice(type.lastIndexOf(".") + 1);
	const newest = Object.hasOwn(handles, name) ? handles[name] : undefined;
	if (newest === undefined) return "unknown";
	return version <= newest ? "handled" : "newer";
}

/**
 * The member with the newest version of the program: among the members that no other surpasses in the events that it
 * handles, the last one that joined. Differing clocks therefore matter only between members that handle the same
 * events.
 */
export function newestOf(members: readonly Member[]): Member | undefined {
	const best = members.filter(
		(member) => !members.some((other) => covers(other, member) && !covers(member, other)),
	);
	return inOrder(best).at(-1);
}

/** The lanes of a member. Lanes are dealt to the members that handle everything that the newest member handles. */
export function lanesOf(id: string, members: readonly Member[], lanes: number): readonly number[] {
	const newest = newestOf(members);
	const able = inOrder(members.filter((member) => newest === undefined || covers(member, newest)));
	const place = able.findIndex((member) => member.id === id);
	return Array.from({ length: lanes }, (_, lane) => lane).filter((lane) => lane % able.length === place);
}

function inOrder(members: readonly Member[]): readonly Member[] {
	return [...members].sort((one, other) => one.joined - other.joined || (one.id < other.id ? -1 : 1));
}

function covers(one: Member, other: Member): boolean {
	return Object.entries(other.handles).every(
		([name, version]) => acquaintance(one, { type: name, version }) === "handled",
	);
}
