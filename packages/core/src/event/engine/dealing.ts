import type { LaneReport, Member, MemberReport } from "../group-state.ts";

/** The members and lanes of a group, as known when lanes are dealt. */
export interface Table {
	/** The members that are not silent. */
	readonly members: readonly MemberReport[];
	readonly lanes: readonly LaneReport[];
}

/** The lanes that a member has to claim and release, so that lanes are dealt evenly. */
export interface Deal {
	readonly claim: readonly LaneReport[];
	/** The numbers of the lanes that other members take over. */
	readonly release: readonly number[];
}

/**
 * Deals the lanes of a group evenly among its members, and moves as few as it can. Members with the same knowledge come
 * to the same result, and each does its own part of it. Only a member that handles everything that the newest one
 * handles gets lanes; any other member keeps its share of the lanes that it has.
 */
export function deal({ members, lanes }: Table, me: string): Deal {
	const held = heldLanes({ members, lanes });
	const newest = newestOf(members);
	const shares = dealShares(
		members,
		held,
		lanes.length,
		(member) => newest === undefined || covers(member, newest),
	);
	const mine = held.get(me) ?? [];
	const free = lanes.filter(({ holder }) => holder === undefined || !held.has(holder));
	return {
		claim: dealFree(free, shares, held).get(me) ?? [],
		release: mine.slice(shares.get(me) ?? mine.length).map(({ lane }) => lane),
	};
}

/**
 * The member with the newest version of the program: among the members that no other surpasses, the last one that joined.
 * An old process may start again while a new version is deployed.
 */
function newestOf(members: readonly MemberReport[]): MemberReport | undefined {
	const versions = lastOfEachVersion(members);
	const best = versions.filter((member) => !versions.some((other) => surpasses(other, member)));
	return best.sort((one, other) => one.joined - other.joined).at(-1);
}

/** Of the members that handle the same, the one that joined last: a group of thousands has a few versions. */
function lastOfEachVersion(members: readonly MemberReport[]): MemberReport[] {
	const last = new Map<string, MemberReport>();
	for (const member of members) {
		const version = JSON.stringify(member.handles);
		const known = last.get(version);
		if (known === undefined || member.joined >= known.joined) last.set(version, member);
	}
	return [...last.values()];
}

/** Whether a member handles all that another one handles, and more. */
export function surpasses(member: Member, other: Member): boolean {
	return covers(member, other) && !covers(other, member);
}

/** Whether a member handles all that another one handles. */
export function covers(member: Member, other: Member): boolean {
	const { handles } = member;
	return Object.entries(other.handles).every(
		([name, version]) => Object.hasOwn(handles, name) && (handles[name] ?? 0) >= version,
	);
}

function heldLanes({ members, lanes }: Table): Map<string, LaneReport[]> {
	const held = new Map<string, LaneReport[]>(members.map(({ id }) => [id, []]));
	for (const lane of lanes) if (lane.holder !== undefined) held.get(lane.holder)?.push(lane);
	return held;
}

/** The number of lanes for each member. The members that hold the most lanes now get the remainder of an even split. */
function dealShares(
	members: readonly MemberReport[],
	held: ReadonlyMap<string, readonly LaneReport[]>,
	lanes: number,
	isEligible: (member: MemberReport) => boolean,
): Map<string, number> {
	const count = (id: string): number => held.get(id)?.length ?? 0;
	const shares = new Map<string, number>();
	const most = Math.ceil(lanes / members.length);
	let left = lanes;
	for (const member of members.filter((member) => !isEligible(member))) {
		const share = Math.min(most, count(member.id));
		shares.set(member.id, share);
		left -= share;
	}
	const eligible = members
		.filter(isEligible)
		.sort((one, other) => count(other.id) - count(one.id) || one.joined - other.joined);
	eligible.forEach(({ id }, index) => {
		const share = Math.floor(left / eligible.length) + (index < left % eligible.length ? 1 : 0);
		shares.set(id, share);
	});
	return shares;
}

/** Deals the free lanes in turn to the members that have less than their share. */
function dealFree(
	free: readonly LaneReport[],
	shares: ReadonlyMap<string, number>,
	held: ReadonlyMap<string, readonly LaneReport[]>,
): Map<string, LaneReport[]> {
	const dealt = new Map<string, LaneReport[]>();
	const lacks = Array.from(shares, ([id, share]) => ({ id, lacks: share - (held.get(id)?.length ?? 0) }));
	let next = 0;
	for (const lane of free) {
		const needy = lacks.findIndex((each, index) => index >= next && each.lacks > 0);
		const index = needy === -1 ? lacks.findIndex((each) => each.lacks > 0) : needy;
		const member = lacks[index];
		if (member === undefined) break;
		member.lacks--;
		dealt.set(member.id, [...(dealt.get(member.id) ?? []), lane]);
		next = index + 1;
	}
	return dealt;
}
