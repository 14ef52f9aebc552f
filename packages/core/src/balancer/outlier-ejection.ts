import { forgetOldest } from "../collections/forget-oldest.ts";
import type { Outcome } from "../context/call-scope.ts";
import type { Context } from "../context/context.ts";
import { isRefusal, isTrouble } from "../errors/trouble.ts";
import type { Instance } from "../registry/instance.ts";
import { checkDuration } from "../time/duration.ts";
import type { Balancer, Candidate, Load } from "./balancer.ts";
import { defaultOutlierOptions, type OutlierOptions, OutlierRecord } from "./outlier-record.ts";
import { unusualRate } from "./unusual-rate.ts";

/** The most instances that are remembered. The instances that joined earliest are forgotten first. */
const maxRecords = 10_000;

/**
 * Passes over instances that keep failing, for a time that grows with each ejection. An instance is ejected if it fails
 * several times in a row, or if its success rate is far below that of the others. It never ejects more than
 * `maxEjected` of all instances (but at least one), and none when no other instance is left. An instance that the
 * registry loses and finds again is recognized by its id.
 *
 * Outlier detection as Envoy documents it, with its defaults.
 *
 * @example
 * createClient(Add, { …, balancer: outlierEjection(peakEwma()) })
 *
 * @throws RangeError when `intervalMs` is not above 0, or the time of an ejection is negative.
 */
export function outlierEjection<L extends Load>(
	balancer: Balancer<L>,
	options: OutlierOptions = {},
): Balancer<OutlierLoad<L>> {
	const all = { ...defaultOutlierOptions, ...options };
	checkDuration("intervalMs of outlierEjection()", all.intervalMs, "positive");
	checkDuration("ejectionMs of outlierEjection()", all.ejectionMs);
	checkDuration("longestEjectionMs of outlierEjection()", all.longestEjectionMs);
	return new OutlierEjection(balancer, all);
}

/** The load of the balancer inside, and the record of the instance. */
export class OutlierLoad<L extends Load> implements Load {
	readonly inner: L;
	readonly record: OutlierRecord;
	readonly #failedInARow: (record: OutlierRecord) => void;

	constructor(inner: L, record: OutlierRecord, failedInARow: (record: OutlierRecord) => void) {
		this.inner = inner;
		this.record = record;
		this.#failedInARow = failedInARow;
	}

	start(): void {
		this.inner.start();
	}

	end(outcome: Outcome, elapsedMs: number, now: number): void {
		this.inner.end(outcome, elapsedMs, now);
		// A call that was given up, or was meant for another instance, tells nothing about this one.
		if (!outcome.ok && (outcome.error.code === "canceled" || isRefusal(outcome.error))) return;
		if (this.record.note(outcome.ok || !isTrouble(outcome.error))) this.#failedInARow(this.record);
	}
}

/** A candidate as the inner balancer knows it. */
interface Inner<L extends Load> extends Candidate<L> {
	readonly outer: Candidate<OutlierLoad<L>>;
}

class OutlierEjection<L extends Load> implements Balancer<OutlierLoad<L>> {
	readonly #balancer: Balancer<L>;
	readonly #options: Required<OutlierOptions>;
	readonly #records = new Map<string, OutlierRecord>();
	/**
	 * The candidates that were given last, and the ones of them that may be picked. Both are replaced when something
	 * changes.
	 */
	#given: readonly Candidate<OutlierLoad<L>>[] = [];
	#allowed: readonly Inner<L>[] = [];
	#allowedUntil = 0;
	#nextSweepAt: number;

	constructor(balancer: Balancer<L>, options: Required<OutlierOptions>) {
		this.#balancer = balancer;
		this.#options = options;
		this.#nextSweepAt = performance.now() + options.intervalMs;
	}

	join(instance: Instance): OutlierLoad<L> {
		const record = this.#records.get(instance.id) ?? new OutlierRecord(this.#options);
		this.#records.delete(instance.id);
		this.#records.set(instance.id, record);
		if (this.#records.size > maxRecords) forgetOldest(this.#records);
		return new OutlierLoad(this.#balancer.join(instance), record, (failed) => this.#eject(failed));
	}

	pick<C extends Candidate<OutlierLoad<L>>>(candidates: readonly C[], ctx: Context): C | undefined {
		const now = performance.now();
		if (now >= this.#nextSweepAt) this.#sweep(candidates, now);
		if (candidates !== this.#given || now >= this.#allowedUntil) this.#allow(candidates, now);
		return this.#balancer.pick(this.#allowed, ctx)?.outer as C | undefined;
	}

	/** Finds the candidates that may be picked, and the time until which that holds. */
	#allow(candidates: readonly Candidate<OutlierLoad<L>>[], now: number): void {
		const all = candidates.map((outer) => ({ instance: outer.instance, load: outer.load.inner, outer }));
		const allowed = all.filter(({ outer }) => now >= outer.load.record.ejectedUntil);
		const ends = candidates.map(({ load }) => load.record.ejectedUntil).filter((until) => until > now);
		this.#given = candidates;
		this.#allowed = allowed.length === 0 ? all : allowed;
		this.#allowedUntil = Math.min(...ends, Number.POSITIVE_INFINITY);
	}

	/**
	 * Ends an interval: ejects instances whose success rate is far below the others', and forgives instances that did
	 * well.
	 */
	#sweep(candidates: readonly Candidate<OutlierLoad<L>>[], now: number): void {
		this.#nextSweepAt = now + this.#options.intervalMs;
		const records = candidates.map(({ load }) => load.record);
		const rates = records.map((record) => record.endInterval(now));
		const lowest = unusualRate(rates, this.#options);
		records.forEach((record, n) => {
			if ((rates[n] ?? 1) < lowest) this.#eject(record);
		});
	}

	#eject(record: OutlierRecord): void {
		const now = performance.now();
		if (now < record.ejectedUntil) return;
		const ejected = this.#given.filter(({ load }) => now < load.record.ejectedUntil).length;
		const most = Math.max(1, Math.floor(this.#given.length * this.#options.maxEjected));
		if (ejected >= most) return;
		record.eject(now);
		this.#allowedUntil = 0;
	}
}
