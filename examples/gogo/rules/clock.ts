/** How much time a player has, in milliseconds. */
export interface TimeControl {
	/** For all moves together. */
	readonly mainMs: number;
	/** How many periods follow the main time. Each can be used for any number of moves that are made within it. */
	readonly periods: number;
	/** How long a period is. */
	readonly periodMs: number;
}

/** The remaining time of a player. */
export interface Clock {
	readonly mainMs: number;
	readonly periods: number;
}

export function fullClock({ mainMs, periods }: TimeControl): Clock {
	return { mainMs, periods };
}

/**
 * The clock of a player after `spentMs` of thought. The main time runs first. A period that is used up is then gone,
 * and a period in which the move was made starts over. Undefined when the time is over.
 */
export function afterThinking(clock: Clock, spentMs: number, { periodMs }: TimeControl): Clock | undefined {
	const spent = Math.max(0, spentMs);
	if (spent <= clock.mainMs) return { ...clock, mainMs: clock.mainMs - spent };
	if (periodMs <= 0) return undefined;
	const used = Math.ceil((spent - clock.mainMs) / periodMs) - 1;
	return used < clock.periods ? { mainMs: 0, periods: clock.periods - used } : undefined;
}

/** How long a player may think before the time is over, in milliseconds. */
export function timeLeftMs(clock: Clock, { periodMs }: TimeControl): number {
	return clock.mainMs + clock.periods * periodMs;
}
