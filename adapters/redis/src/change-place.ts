/** A place in the sequence of changes. */
export interface ChangePlace {
	/** Distinguishes the sequences, of which Redis begins another one after it has lost its data. Empty before the first. */
	readonly generation: string;
	/** How many changes there were. */
	readonly revision: number;
}

/** One change of the sequence. */
export interface Change {
	readonly place: ChangePlace;
	/** The instance that it is about. */
	readonly key: string;
	/** Whether the instance left of its own accord. */
	readonly isRelease: boolean;
}

/** Reads the place that a script returns. */
export function readPlace(answer: unknown): ChangePlace {
	const [generation, revision] = Array.isArray(answer) ? answer : [];
	return { generation: String(generation ?? ""), revision: Number(revision ?? 0) };
}

/** The place as an id of the stream. */
export function placeId({ generation, revision }: ChangePlace): string {
	return generation === "" ? "0-0" : `${generation}-${revision}`;
}

/** Reads what XREAD answers about one stream: its entries, each with one field. */
export function readChanges(answer: unknown): Change[] {
	const [stream] = asArray(answer);
	const [, entries] = asArray(stream);
	return asArray(entries).flatMap((entry) => {
		const [id, fields] = asArray(entry);
		const [kind, key] = asArray(fields);
		const [generation = "", revision = ""] = String(id).split("-");
		if (typeof key !== "string") return [];
		return [{ place: { generation, revision: Number(revision) }, key, isRelease: kind === "left" }];
	});
}

function asArray(value: unknown): readonly unknown[] {
	return Array.isArray(value) ? value : [];
}
