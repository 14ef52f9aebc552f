// Measures one backend of events, one part after the other.
import type { OpenParts, PartFacts } from "../events/part.ts";
import { answerParent } from "./serving.ts";

/** The assignment of the process. */
export interface EventsAssignment {
	/** The file whose default export opens the parts, relative to this folder's parent. */
	readonly file: string;
	readonly url: string;
	readonly backlog: number;
}

/** The part to measure. */
export interface EventsTask {
	readonly id: string;
	readonly milliseconds: number;
}

const { file, url, backlog }: EventsAssignment = JSON.parse(process.argv[2] ?? "{}");

await answerParent<EventsTask>(async () => {
	const { default: open }: { default: OpenParts } = await import(`../${file}`);
	const { parts, close } = await open({ url, backlog });
	const ready: readonly PartFacts[] = parts;
	return {
		ready,
		answer: ({ id, milliseconds }) => parts.find((part) => part.id === id)?.measure(milliseconds),
		close,
	};
});
