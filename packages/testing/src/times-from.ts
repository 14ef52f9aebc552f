/**
 * How often a test tries something: a few times by default, and as often as a variable of the environment says when
 * somebody asks for more. A mistyped number would otherwise be a test that tries nothing, and passes.
 *
 * @throws RangeError for anything but a whole number from 1 on.
 * @example
 * const games = timesFrom("GOGO_GAMES", 300);
 */
export function timesFrom(variable: string, byDefault: number, env: NodeJS.ProcessEnv = process.env): number {
	const { [variable]: given = "" } = env;
	if (given === "") return byDefault;
	const times = Number(given);
	if (Number.isSafeInteger(times) && times > 0) return times;
	throw new RangeError(`${variable} is ${JSON.stringify(given)}; it takes a whole number from 1 on`);
}
