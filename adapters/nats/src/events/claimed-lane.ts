import type { DeferredVersions } from "./deferred-versions.ts";
import type { LaneRecord } from "./lane-record.ts";

/** So many epochs are remembered in any case. */
const rememberedEpochs = 16;

/** A lane that a member has claimed. The writes of earlier claims count if they had come into force. */
export function claimedLane(
	lane: LaneRecord,
	member: string,
	epoch: number,
	{ current, rest }: DeferredVersions,
): LaneRecord {
	const saves: Record<string, number> = { ...lane.past, [lane.epoch]: lane.save };
	const epochs = new Set(Array.from(current.values(), ({ epoch }) => String(epoch)));
	const last = new Set(Object.keys(saves).slice(-rememberedEpochs));
	const past = Object.fromEntries(
		Object.entries(saves).filter(([epoch]) => epochs.has(epoch) || last.has(epoch)),
	);
	const isCrash = lane.holder !== undefined && lane.holder !== member;
	return {
		...lane,
		holder: member,
		epoch,
		crashes: lane.crashes + (isCrash ? 1 : 0),
		save: 0,
		past,
		dropped: [...new Set([...lane.dropped, ...rest])],
	};
}
