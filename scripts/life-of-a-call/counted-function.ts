/** A function of the packages, and how often it ran. */
export interface CountedFunction {
	/** Its file, from the root of the workspace. */
	readonly file: string;
	/** Its name, with `#` if it is private; empty for a function without one. */
	readonly name: string;
	/** Where it begins and ends in its file. */
	readonly start: number;
	readonly end: number;
	/** How often it ran. */
	readonly count: number;
}
