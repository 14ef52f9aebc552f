import type { Lane } from "./lane.ts";

/** Why lanes do not go on, although all backends answer. */
export function laneTrouble(lanes: readonly Lane[]): string | undefined {
	const blocked = lanes.filter(({ isBlocked }) => isBlocked).map(({ number }) => number);
	const paused = lanes.filter(({ pause }) => pause.until !== 0).map(({ number }) => number);
	const texts: string[] = [];
	if (blocked.length > 0) {
		texts.push(
			`too many events are deferred in ${named(blocked)}: see to the parked ones (allium parked list), then replay or discard them`,
		);
	}
	if (paused.length > 0) {
		texts.push(
			`${named(paused)} paused, because most deliveries met trouble that is not the events' own, such as a service that is away; tried again by and by`,
		);
	}
	return texts.length > 0 ? texts.join("; ") : undefined;
}

function named(lanes: readonly number[]): string {
	return `${lanes.length === 1 ? "lane" : "lanes"} ${lanes.join(", ")}`;
}
