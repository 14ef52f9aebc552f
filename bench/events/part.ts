import type { Measured } from "../protocol.ts";

/** What one measurement of a backend is about. */
export interface PartFacts {
	/** Unique in its backend. */
	readonly id: string;
	readonly what: string;
	/** The part with which it is compared in each round. */
	readonly floor?: string;
	/** What counts: how much is done in a second, or how long one takes. Default: `rate`. */
	readonly counts?: "rate" | "latency";
}

/** One measurement of a backend. */
export interface Part extends PartFacts {
	measure(milliseconds: number): Promise<Measured>;
}

/** All that is measured in one process, in turn. */
export interface PartSet {
	/** A floor comes right before what is compared with it. */
	readonly parts: readonly Part[];
	close(): Promise<void>;
}

/** The default export of what is measured. */
export type OpenParts = (place: PartPlace) => Promise<PartSet>;

/** Where a backend lies. */
export interface PartPlace {
	/** The URL of the server, or an empty folder. */
	readonly url: string;
	/** How many events wait before reading and handling are measured. */
	readonly backlog: number;
}
