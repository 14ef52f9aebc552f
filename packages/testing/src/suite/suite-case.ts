import { afterAll, afterEach, beforeEach, describe, test } from "vitest";

/** A rule, and the test of it. Cases are data, so that a test can run one on a broken backend. */
export interface SuiteCase<Lab, Ability extends string = never> {
	/** One sentence. */
	readonly title: string;
	/** The abilities that the backend must have. Default: nothing beyond its port. */
	readonly needs?: readonly Ability[];
	/** The time limit, in milliseconds. Default: that of Vitest. */
	readonly timeoutMs?: number;
	/**
	 * Runs the test. Rejects if the rule does not hold.
	 *
	 * @param skip Ends the case if only an open backend tells that the case does not apply.
	 */
	run(lab: Lab, skip: (reason: string) => never): Promise<void>;
}

/** The lab in which cases run, one after another. */
export interface SuiteLab<Setup, Ability extends string> {
	readonly figures: ReadonlyMap<string, string>;
	begin(make: () => Promise<Setup>): Promise<void>;
	lacks(abilities: readonly Ability[]): Ability | undefined;
	end(): Promise<void>;
}

/** The cases of a suite, and the parts that they need. */
export interface SuiteParts<Lab, Ability extends string> {
	/** The name of the tested port and backend, for the titles: `log: sqlite`. */
	readonly title: string;
	readonly lab: Lab;
	readonly cases: readonly SuiteCase<Lab, Ability>[];
	/** Why a test is skipped without an ability. */
	readonly withoutAbility: Readonly<Record<Ability, string>>;
}

/** Declares the cases of a suite as tests. */
export function declareSuite<Setup, Ability extends string, Lab extends SuiteLab<Setup, Ability>>(
	{ title, lab, cases, withoutAbility }: SuiteParts<Lab, Ability>,
	setup: () => Promise<Setup>,
): void {
	describe(title, () => {
		beforeEach(() => lab.begin(setup));
		afterEach(() => lab.end());
		afterAll(() => {
			for (const [what, figure] of lab.figures) console.info(`${title}: ${what}: ${figure}`);
		});
		for (const { title: sentence, needs = [], timeoutMs, run } of cases) {
			test(sentence, timeoutMs === undefined ? {} : { timeout: timeoutMs }, async (context) => {
				const missing = lab.lacks(needs);
				if (missing !== undefined) return context.skip(withoutAbility[missing]);
				await run(lab, (reason) => context.skip(reason));
			});
		}
	});
}

/**
 * Runs one case, found by its title. Returns the error that it threw. A test of a suite uses it to check that a case
 * detects a broken backend.
 */
export async function verdictOf<Setup, Ability extends string, Lab extends SuiteLab<Setup, Ability>>(
	title: string,
	{ lab, cases }: Pick<SuiteParts<Lab, Ability>, "lab" | "cases">,
	setup: () => Promise<Setup>,
): Promise<unknown> {
	const found = cases.find((each) => each.title === title);
	if (found === undefined) throw new Error(`the suite has no case "${title}"`);
	await lab.begin(setup);
	try {
		await found.run(lab, (reason) => {
			throw new Error(`it does not apply: ${reason}`);
		});
		return undefined;
	} catch (error) {
		return error;
	} finally {
		await lab.end();
	}
}
