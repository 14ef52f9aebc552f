import type { EndpointTable, Format, Kind } from "@allium/core";
import type { Dialer, Listener } from "@allium/core/transport";
import { afterEach, beforeEach, describe } from "vitest";
import { backpressureTests } from "./calls/backpressure.ts";
import { cancellationTests } from "./calls/cancellation.ts";
import { Cases } from "./calls/cases.ts";
import { deadlineTests } from "./calls/deadlines.ts";
import { errorTests } from "./calls/errors.ts";
import { inputEndTests } from "./calls/input-end.ts";
import { lifecycleTests } from "./calls/lifecycle.ts";
import { loadTests } from "./calls/load.ts";
import { messageTests } from "./calls/messages.ts";
import { metadataTests } from "./calls/metadata.ts";
import { World } from "./calls/world.ts";

/** One version of Allium: what the suite makes contracts, clients and servers with. */
export type CallVersion = Pick<
	typeof import("@allium/core"),
	"Context" | "contract" | "createClient" | "Endpoints" | "method" | "onSettled" | "stream"
>;

/** The transport that one test runs against. */
export interface CallSetup {
	/** Starts a server; when an address (`host:port`, or what else the URL had) is given, there. The suite closes it. */
	listen(endpoints: EndpointTable, address?: string): Promise<Listener>;
	/** Where a server is dialled. Default: the first of its addresses. */
	url?(listener: Listener): string;
	/** The transport under test: what dials. */
	readonly transport: Dialer;
	/** The version that calls. Default: this one. */
	readonly client?: CallVersion;
	/** The version that is called, and what its handlers dial with. Default: this one, and `transport`. */
	readonly server?: CallVersion & { readonly transport: Dialer };
	/** A program that calls the method `calls/unary` at the URL that is its last argument: it will be killed. */
	readonly program?: { readonly file: string; readonly args?: readonly string[] };
	/** Removes what belongs to neither. */
	close?(): Promise<void>;
}

/**
 * What a transport may lack: a kind of method; `cut`, TCP connections that a proxy can cut; `process`, the
 * program of the setup; `backoff`, one connection that calls share, with pauses between attempts to open it;
 * `silence`, connections that it leaves when nothing comes over them any more;
 * `backpressure`, bounded bytes of replies on their way; `many`, ten thousand calls at once; `streams`, hundreds
 * of streams at once; `told`, clients that are told whether a call that failed was ever sent; `stopping`, a server
 * that ends its streams in order to stop.
 */
export type CallCapability =
	| Kind
	| "cut"
	| "process"
	| "backoff"
	| "silence"
	| "backpressure"
	| "many"
	| "streams"
	| "told"
	| "stopping";

/** What the suite is told of a transport. */
export interface CallSuiteOptions {
	/** The largest message that both sides take, in bytes. Default: 4 MiB. */
	readonly maxMessageBytes?: number;
	/** The format that the transport speaks, which tells how large a message is. Default: JSON. */
	readonly format?: Format;
	/** The most that may be produced for a consumer that does not consume, in bytes. Default: 1 MiB. */
	readonly maxBufferedBytes?: number;
	/** What the transport lacks, and why: those cases are skipped, and say so. */
	readonly skip?: Partial<Record<CallCapability, string>>;
}

/**
 * The conformance suite of calls: declares Vitest tests for what every transport has to hold, for each kind of
 * method.
 *
 * @param setup Makes the transport; called before every test.
 *
 * @example
 * callSuite("frames", async () => {
 * 	const transport = frames();
 * 	return { transport, listen: (endpoints, address) => transport.listen(endpoints, address ? { address } : {}) };
 * });
 */
export function callSuite(
	name: string,
	setup: () => Promise<CallSetup>,
	options: CallSuiteOptions = {},
): void {
	describe(`calls: ${name}`, () => {
		const world = new World();
		const cases = new Cases(world, options);
		beforeEach(async () => world.begin(await setup()));
		afterEach(() => world.end());
		messageTests(cases);
		metadataTests(cases);
		errorTests(cases);
		deadlineTests(cases);
		cancellationTests(cases);
		inputEndTests(cases);
		backpressureTests(cases);
		loadTests(cases);
		lifecycleTests(cases);
	});
}
