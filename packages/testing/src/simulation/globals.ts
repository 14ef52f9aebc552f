import { SimulatedTimer, type TimerHost, timerDelay } from "./simulated-timer.ts";

/**
 * The source of the answers that the replaced globals give during a simulation. Each answer is that of the running
 * process.
 */
export interface GlobalsHost extends TimerHost {
	/** Milliseconds since the running process began. */
	processNow(): number;
	/** Milliseconds since 1970. */
	dateNow(): number;
	random(): number;
	uuid(): string;
}

/**
 * Replaces the global timers, `Date`, `performance.now`, `Math.random` and `crypto.randomUUID`. Microtasks are
 * unchanged. Returns a function that restores the globals.
 */
export function replaceGlobals(host: GlobalsHost): () => void {
	const clear = (timer: unknown): void => {
		if (timer instanceof SimulatedTimer) timer.close();
	};
	const restore = [
		replace(globalThis, "setTimeout", (run: Callback, delay?: unknown, ...rest: unknown[]) => {
			return new SimulatedTimer(host, () => run(...rest), timerDelay(delay), false);
		}),
		replace(globalThis, "setInterval", (run: Callback, delay?: unknown, ...rest: unknown[]) => {
			return new SimulatedTimer(host, () => run(...rest), timerDelay(delay), true);
		}),
		replace(globalThis, "setImmediate", (run: Callback, ...rest: unknown[]) => {
			return new SimulatedTimer(host, () => run(...rest), 0, false);
		}),
		replace(globalThis, "clearTimeout", clear),
		replace(globalThis, "clearInterval", clear),
		replace(globalThis, "clearImmediate", clear),
		replace(globalThis, "Date", virtualDate(host)),
		replace(performance, "now", () => host.processNow()),
		replace(Math, "random", () => host.random()),
		replace(crypto, "randomUUID", () => host.uuid()),
	];
	return () => {
		for (const putBack of restore.toReversed()) putBack();
	};
}

type Callback = (...values: unknown[]) => void;

/** `Date` itself, with virtual time for the current time. */
function virtualDate(host: GlobalsHost): unknown {
	const RealDate = Date;
	function VirtualDate(...values: unknown[]): unknown {
		if (new.target === undefined) return new RealDate(host.dateNow()).toString();
		return Reflect.construct(RealDate, values.length === 0 ? [host.dateNow()] : values, new.target);
	}
	// Both share one prototype, so that real and virtual dates are instances of both.
	VirtualDate.prototype = RealDate.prototype;
	return Object.assign(VirtualDate, {
		now: () => host.dateNow(),
		parse: RealDate.parse,
		UTC: RealDate.UTC,
	});
}

function replace(owner: object, name: string, value: unknown): () => void {
	const before = Object.getOwnPropertyDescriptor(owner, name);
	const enumerable = before?.enumerable ?? false;
	Object.defineProperty(owner, name, { value, enumerable, configurable: true, writable: true });
	return () => {
		if (before === undefined) Reflect.deleteProperty(owner, name);
		else Object.defineProperty(owner, name, before);
	};
}
