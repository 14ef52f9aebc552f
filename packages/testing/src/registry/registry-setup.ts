import type { Registry } from "@allium/core";

/** A server that the suite may kill and suspend. It belongs to one test. */
export interface RegistryOutage {
	/** Ends the server as a crash does: `kill -9`, or the like. Resolves when it is gone. */
	kill(): Promise<void>;
	/** Starts it again, at the same address and with what it keeps on disk. Resolves when it answers. */
	restart(): Promise<void>;
	/** Suspends it, as SIGSTOP does: connections stay, and no request is answered. It hangs when this returns. */
	suspend(): void;
	/** Lets it go on after `suspend`. */
	resume(): void;
}

/**
 * The backend that one test runs against. Optional members are abilities of some backends: a test that needs a missing
 * one is skipped and says so.
 */
export interface RegistrySetup {
	/**
	 * Opens another handle on the same backend, as another process would. Its leases last `ttlMs`. The suite closes it.
	 * A handle that has lost its connection must reconnect within a third of the time to live after the server answers
	 * again, so that its instances are back before watchers give them up.
	 */
	open(options: {
		readonly ttlMs: number;
		/** The address to connect to instead of `target`. It leads to the same server. */
		readonly target?: string;
	}): Promise<Registry>;
	/** The shortest time to live that the backend supports, such as 300 ms. Some tests wait for it to pass. */
	readonly ttlMs: number;
	/** How much later than its time to live a dead instance may be gone, in milliseconds. Default: 500. */
	readonly lateMs?: number;
	/**
	 * The address of the server where it is reached over TCP: `127.0.0.1:2379`, or a URL. The suite puts a
	 * `faultProxy` in front of it, and passes the proxy's address to `open`.
	 */
	readonly target?: string;
	/** Kills the server and starts it again. */
	readonly outage?: RegistryOutage;
	/**
	 * The program that the suite runs as separate members, which it kills and suspends: the module that exports
	 * `registry(url, { ttlMs })`, by `import.meta.resolve("./index.ts")`, and the URL.
	 */
	readonly program?: { readonly module: string; readonly url: string };
	/**
	 * How many instances the largest test registers through one handle. A setup that gives fewer says why its server
	 * cannot take so many from one process. Default: 10,000.
	 */
	readonly many?: number;
	/** Whether the server tells watchers of changes, so that none of them polls. Default: false. */
	readonly pushes?: boolean;
	/**
	 * Counts the open handles of this process that do not keep its event loop alive: the connections or watches that the
	 * server counts, for example. The suite compares the count before and after.
	 */
	readonly handles?: () => number | Promise<number>;
	/** Removes the backend. */
	close(): Promise<void>;
}

/** An ability that only some backends have. */
export type RegistryAbility = "target" | "outage" | "program" | "pushes";

/** Why a test is skipped without the ability. */
export const withoutAbility: Readonly<Record<RegistryAbility, string>> = {
	target: "the setup names no target to put a proxy in front of",
	outage: "the setup cannot kill and restart the server",
	program: "the setup names no program for processes of their own",
	pushes: "the backend does not tell of changes by itself",
};
