import { checkedLogger } from "../logger/checked-logger.ts";
import { type Logger, silentLogger } from "../logger/logger.ts";
import type { Checker } from "./checker.ts";
import { type CheckReport, HealthCheck, type VerdictListener } from "./health-check.ts";

/** The health of a process. Plain JSON. */
export interface HealthReport {
	/** Whether all critical checks are healthy. */
	readonly ok: boolean;
	readonly checks: readonly CheckReport[];
}

/** The listeners to changes of the health. */
export interface HealthOptions {
	/** Called when {@link Health.isHealthy} changes. */
	readonly onChange?: (isHealthy: boolean) => void;
	/** Gets a line when a check becomes unhealthy, and when it is healthy again. Default: silent. */
	readonly logger?: Logger;
}

/** The checkers of a process at work, and their joint verdict. Its owner starts and stops it. */
export class Health {
	readonly #checks: HealthCheck[] = [];
	readonly #onChange: (isHealthy: boolean) => void;
	readonly #logger: Logger;
	#isHealthy = true;
	#isStarted = false;

	/** @throws TypeError when two checkers have the same name. */
	constructor(checkers: readonly Checker[], options: HealthOptions = {}) {
		this.#onChange = options.onChange ?? (() => {});
		this.#logger = checkedLogger(options.logger ?? silentLogger);
		for (const checker of checkers) this.add(checker);
	}

	/**
	 * Adds a checker, before `start`.
	 *
	 * @throws TypeError when there is one of that name.
	 */
	add(checker: Checker): void {
		if (this.#checks.some((check) => check.checker.name === checker.name)) {
			throw new TypeError(`there are two checkers named "${checker.name}"`);
		}
		this.#checks.push(new HealthCheck(checker, this.#judged));
		this.#isHealthy = this.#outOfBand().length === 0;
	}

	/** Whether all critical checks that run at an interval are healthy. Registries are told this status. */
	get isHealthy(): boolean {
		return this.#isHealthy;
	}

	/** Starts the checks that run on an interval. Resolves when each has run once, or has taken too long. */
	async start(): Promise<void> {
		this.#isStarted = true;
		const running = this.#checks.filter(({ checker }) => !checker.options.inBand);
		await Promise.all(running.map((check) => check.start()));
	}

	/**
	 * The present health. Checks in band run for it, unless they have just run. Before `start` none runs, because what
	 * they check has not begun either.
	 */
	async report(): Promise<HealthReport> {
		const inBand = this.#checks.filter(({ checker }) => this.#isStarted && checker.options.inBand);
		await Promise.all(inBand.map((check) => check.refresh()));
		const checks = this.#checks.map((check) => check.report);
		return { ok: checks.every(({ ok, critical }) => ok || !critical), checks };
	}

	/** Ends all runs and timers. */
	stop(): void {
		for (const check of this.#checks) check.stop();
	}

	readonly #judged: VerdictListener = ({ checker, ok, report }, before) => {
		const facts = { check: checker.name, critical: checker.options.critical };
		if (ok === false) this.#logger.log("warn", "a health check fails", { ...facts, error: report.error });
		else if (before === false) this.#logger.log("info", "a health check passes again", facts);
		const isHealthy = this.#outOfBand().every((check) => check.ok === true);
		if (isHealthy === this.#isHealthy) return;
		this.#isHealthy = isHealthy;
		try {
			this.#onChange(isHealthy);
		} catch (error) {
			this.#logger.log("error", "a listener to the health of the process threw", { error });
		}
	};

	/** The checks whose results a registry learns. */
	#outOfBand(): readonly HealthCheck[] {
		return this.#checks.filter(({ checker: { options } }) => options.critical && !options.inBand);
	}
}
