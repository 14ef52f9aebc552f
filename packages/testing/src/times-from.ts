/**
 * How often a test tries something: a few times by default, or as often as a variable of the environment says. A number
 * that cannot be read is an error, because the test would otherwise try nothing and pass.
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
