import type { AnyEvent } from "../contract/event.ts";
import { type Parsed, parse } from "../contract/schema.ts";
import { reasonOf } from "../errors/reason.ts";

/** Parses the data of an event. A schema that throws refuses the data. The result of a synchronous one is no promise. */
export function parsedData(event: AnyEvent, data: unknown): Parsed | Promise<Parsed> {
	try {
		const parsed = parse(event.input, data);
		return parsed instanceof Promise ? parsed.catch(failed) : parsed;
	} catch (error) {
		return failed(error);
	}
}

function failed(error: unknown): Parsed {
	return { issues: [{ path: [], message: `the schema failed with ${reasonOf(error)}` }] };
}
