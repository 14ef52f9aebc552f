import type { AnyEvent } from "../contract/event.ts";
import { type Parsed, parse } from "../contract/schema.ts";
import { reasonOf } from "../errors/reason.ts";

/** Parses the data of an event. A schema that throws refuses the data. */
export async function parsedData(event: AnyEvent, data: unknown): Promise<Parsed> {
	try {
		return await parse(event.input, data);
	} catch (error) {
		return { issues: [{ path: [], message: `the schema failed with ${reasonOf(error)}` }] };
	}
}
