import { afterAll, afterEach, beforeEach, describe, test } from "vitest";

/** What must hold, and how it is tried. Cases are data, so that a test can run one on something that is broken. */
export interface SuiteCase<Lab, Ability extends string = never> {
	/** One sentence. */
	readonly title: string;
	/** What the backend must be able to do. Default: nothing beyond its port. */
	readonly needs?: readonly Ability[];
	/** How long it may take, in milliseconds. Default: as Vitest has it. */
	readonly timeoutMs?: number;
	/**
	 * Rejects where it does not hold.
	 *
	 * @param skip ends the case where only what is open tells that it does not apply.
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

/** The cases of a suite, and what they need. */
export interface SuiteParts<Lab, Ability extends string> {
	/** What is tested, for the titles: `log: sqlite`. */
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

/** Runs one case, found by its title. Returns what it threw: what a test of a suite asks of a broken backend. */
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
