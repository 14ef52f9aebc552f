import type { Measured } from "../protocol.ts";

/** The description of one measurement of a backend. */
export interface PartFacts {
	/** Unique in its backend. */
	readonly id: string;
	readonly what: string;
	/** The part with which it is compared in each round. */
	readonly floor?: string;
	/** The figure that counts: how much is done in a second, or how long one takes. Default: `rate`. */
	readonly counts?: "rate" | "latency";
}

/** One measurement of a backend. */
export interface Part extends PartFacts {
	measure(milliseconds: number): Promise<Measured>;
}

/** All measurements of one process, which run in turn. */
export interface PartSet {
	/** A floor comes right before the parts that are compared with it. */
	readonly parts: readonly Part[];
	close(): Promise<void>;
}

/** The default export of a measured module. */
export type OpenParts = (place: PartPlace) => Promise<PartSet>;

/** The place of a backend. */
export interface PartPlace {
	/** The URL of the server, or an empty folder. */
	readonly url: string;
	/** How many events wait before reading and handling are measured. */
	readonly backlog: number;
}
