import { runProgram } from "../suite/suite-program.ts";

/** The options of `killedWriter`. */
export interface KilledWriterOptions {
	/** The module that exports `eventStore(url, options)`. */
	readonly module: string;
	readonly url: string;
	/** A part of the ids of its events. It has no hyphen. */
	readonly name: string;
	/** The prefix of the names of its streams. */
	readonly prefix: string;
	/** After how many acknowledged appends it is killed. */
	readonly calls: number;
}

/**
 * Starts a process that appends to two streams at once, and kills it with `kill -9` meanwhile. Returns the appends that
 * were acknowledged, such as `p1-17`.
 */
export async function killedWriter(options: KilledWriterOptions): Promise<string[]> {
	const { module, url, name, prefix, calls } = options;
	await using writer = runProgram(import.meta.url, "./writer", [module, url, name, prefix], {
		ownGroup: true,
	});
	await writer.says(new RegExp(`^acknowledged ${calls}$`, "m"));
	writer.signal("SIGKILL");
	await writer.ended();
	return Array.from(writer.output.matchAll(/^acknowledged (\d+)$/gm), ([, call]) => `${name}-${call}`);
}
