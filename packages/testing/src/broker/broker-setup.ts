import type { Broker } from "@allium/core/event";
import type { BackendSetup, OpenOptions } from "../suite/backend-lab.ts";

/** How a broker is opened. */
export interface BrokerOpenOptions extends OpenOptions {
	/** How long a process keeps its lanes after its last renewal, in milliseconds. Default: that of the broker. */
	readonly ttlMs?: number;
	/** How many events of a lane may be deferred. Default: that of the broker. */
	readonly deferredBound?: number;
}

/** A broker of a process that can be cut off from its backend, as by a partition or while it is suspended. */
export interface CutBroker {
	readonly broker: Broker;
	/** Makes all requests of the process wait until `heal`. */
	cut(): void;
	heal(): void;
}

/** The backend that one test of a broker runs against. */
export interface BrokerSetup extends BackendSetup<Broker> {
	open(options: BrokerOpenOptions): Promise<Broker>;
	/** The shortest time to live that the broker supports, such as 400 ms. Some tests wait for it to pass. */
	readonly ttlMs: number;
	/** Opens a broker that can be cut off. Default: through a proxy in front of `target`. */
	readonly openCut?: (options: BrokerOpenOptions) => Promise<CutBroker>;
	/** Makes the backend remove expired events now, if it does so only from time to time. */
	readonly retain?: () => Promise<void>;
	/** Puts a text into a lane of a topic that is open, as a program does that is not Allium's. */
	readonly putText?: (topic: string, lane: number, text: string) => Promise<void>;
	/**
	 * The program that the suite runs as separate consumers, which it kills and suspends: the module that exports
	 * `broker(url, options)`, by `import.meta.resolve("./index.ts")`, and the URL.
	 */
	readonly program?: { readonly module: string; readonly url: string };
}

/** An ability that only some backends have. */
export type BrokerAbility = "outage" | "program" | "putText" | "target";

/** Why a test is skipped without the ability. */
export const withoutBrokerAbility: Readonly<Record<BrokerAbility, string>> = {
	outage: "the setup cannot kill and restart the server",
	program: "the setup names no program for processes of their own",
	putText: "the setup cannot put texts of strangers into a topic",
	target: "the backend is not reached over TCP",
};
