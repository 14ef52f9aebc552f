/** A result of an examination. */
export type Finding =
	| { readonly state: "ok" | "skipped"; readonly says: string }
	| {
			readonly state: "wrong";
			readonly says: string;
			/** The remedy, in one sentence. */
			readonly remedy: string;
			readonly details?: readonly string[];
	  };

/** The findings of an examination, and a value that later examinations need. */
export interface Examined<Value = undefined> {
	readonly findings: readonly Finding[];
	/** Undefined if there is none. */
	readonly value?: Value | undefined;
}

export function ok(says: string): Finding {
	return { state: "ok", says };
}

/** The finding for an examination that cannot be made, with the reason. */
export function skipped(says: string): Finding {
	return { state: "skipped", says };
}

export function wrong(says: string, remedy: string, details: readonly string[] = []): Finding {
	return { state: "wrong", says, remedy, ...(details.length > 0 && { details }) };
}
